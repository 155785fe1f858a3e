"""What is heard of the PBX, over the API of the running server."""

from abc import ABC, abstractmethod
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from server.contract.languages import LanguageInstalled, SpokenLanguage
from server.contract.prompts import PromptRecording
from server.contract.ring_tones import RingToneSound


class RemoteSounds(ABC):
    """Part of `server.cli.remote.Remote`: prompts, ring tones and languages."""

    async def prompt_recordings(self, name: str) -> list[PromptRecording]:
        """See `Backend`."""
        return TypeAdapter(list[PromptRecording]).validate_python(await self._ask("GET", _heard_of(name)))

    async def upload_prompt(self, name: str, language: str, content: bytes) -> PromptRecording:
        """See `Backend`."""
        return PromptRecording.model_validate(await self._ask("PUT", _heard_of(name, language), content))

    async def prompt_content(self, name: str, language: str) -> bytes:
        """See `Backend`."""
        content: bytes = await self._ask("GET", _heard_of(name, language))
        return content

    async def remove_prompt_recording(self, name: str, language: str) -> None:
        """See `Backend`."""
        await self._ask("DELETE", _heard_of(name, language))

    async def upload_ring_tone(self, name: str, content: bytes) -> RingToneSound:
        """See `Backend`."""
        return RingToneSound.model_validate(await self._ask("PUT", _ring_tone(name), content))

    async def ring_tone_content(self, name: str) -> bytes:
        """See `Backend`."""
        content: bytes = await self._ask("GET", _ring_tone(name))
        return content

    async def languages(self) -> list[SpokenLanguage]:
        """See `Backend`."""
        return TypeAdapter(list[SpokenLanguage]).validate_python(await self._ask("GET", "languages"))

    async def install_language(self, language: str, packed: bytes) -> LanguageInstalled:
        """See `Backend`."""
        return LanguageInstalled.model_validate(await self._ask("PUT", _language(language), packed))

    async def remove_language(self, language: str) -> None:
        """See `Backend`."""
        await self._ask("DELETE", _language(language))

    @abstractmethod
    async def _ask(self, method: str, path: str, body: BaseModel | bytes | None = None) -> Any:
        """The answer of the server."""


def _heard_of(prompt: str, language: str | None = None) -> str:
    parts = ["prompts", prompt, "recordings", *([] if language is None else [language])]
    return "/".join(quote(part, safe="") for part in parts)


def _ring_tone(name: str) -> str:
    return f"ring-tones/{quote(name, safe='')}/sound"


def _language(language: str) -> str:
    return f"languages/{quote(language, safe='')}"
