"""Prompts as an administrator uploads them."""

from pathlib import Path

from tests.real.pbx import Pbx
from tests.server.sounds import tone


async def upload(pbx: Pbx, folder: Path, name: str, hertz: float) -> None:
    """A prompt that is a tone, as an administrator uploads it."""
    file = folder / f"{name}.flac"
    file.write_bytes(tone(hertz, seconds=20, form="FLAC"))
    await pbx.cli("prompt", "upload", name, str(file))
