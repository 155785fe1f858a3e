"""Base classes and field types shared by every model of the contract."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints


class Request(BaseModel):
    """Something a client sends: unknown fields are an error, so that a typing mistake is not lost."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Reply(BaseModel):
    """Something the server sends: unknown fields are ignored, so that an older client keeps working."""

    model_config = ConfigDict(extra="ignore", frozen=True)


ExtensionNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,8}$")]
"""An extension's number: two to eight digits."""

Name = Annotated[str, StringConstraints(min_length=0, max_length=63, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A first or last name (DIR-3)."""

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Text without control characters: PostgreSQL stores no NUL, and logs are lines."""

Email = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
"""An e-mail address; only its outer form is checked."""

GroupName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]+$")]

Instant = AwareDatetime
"""A moment, always with a zone; the server sends UTC."""
