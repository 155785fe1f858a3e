"""Prompts: recordings that callers hear, such as the greeting of a menu (ADMIN-2)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from server.contract.base import Instant, Line, Reply
from server.contract.configuration import ConfigObject, ObjectName

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
"""A language as in `en` or `pt-BR` (ISO 639, ISO 3166)."""

DEFAULT_LANGUAGE = "en"
"""Heard where a prompt is not there in the language that is wanted."""


class Prompt(ConfigObject):
    """A prompt by its name. What is heard is uploaded for each language (`PromptRecording`)."""

    name: ObjectName = ""
    description: Annotated[Line, Field(max_length=255)] = ""

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return self.description


class PromptRecording(Reply):
    """What is heard of a prompt in one language; `duration_s` in seconds, `size` in bytes."""

    language: Language
    duration_s: float
    size: int
    uploaded_at: Instant
