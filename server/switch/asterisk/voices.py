"""The folder of what Asterisk says: links to its own sounds, and to those of other languages.

Asterisk looks a sound up in the folder of the channel's language, then without the country, then in English,
each time it plays one: so a link that is replaced holds from the next sound on, and nothing has to be told.
It says numbers by a grammar of the language, and passes over words that it does not have in any of them.
"""

import asyncio
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from server.rules.spoken_numbers import english_words
from server.switch.asterisk.config import EngineConfig
from server.switch.port import SwitchError
from server.switch.speech import ENGLISH, Speech, Voice

SOUNDS = "sounds"


def language_code(language: str) -> str:
    """How Asterisk calls a language: `pt_BR` is `pt-BR`."""
    return language.replace("-", "_")


def put_own(config: EngineConfig, data: Path) -> None:
    """Have the engine's data folder show all of `data`, the folder of its installation. Raises `OSError`."""
    (config.share / SOUNDS).mkdir(mode=0o700, parents=True, exist_ok=True)
    for entry in data.iterdir():
        if entry.name != SOUNDS:
            _put(entry, config.share / entry.name)
    for name, entry in _own_sounds(data).items():
        _put(entry, config.share / SOUNDS / name)


async def take_voices(config: EngineConfig, data: Path, voices: Mapping[str, Voice]) -> None:
    """Have the engine speak these languages, its own, and no others. Raises `SwitchError`."""
    try:
        await asyncio.to_thread(_put_voices, config, data, voices)
    except OSError as error:
        raise SwitchError(f"Asterisk cannot be given other languages: {error}.") from error


def _put_voices(config: EngineConfig, data: Path, voices: Mapping[str, Voice]) -> None:
    others = {language_code(language): voice.folder for language, voice in voices.items()}
    wanted = _own_sounds(data) | others
    for name, folder in wanted.items():
        _put(folder, config.share / SOUNDS / name)
    for entry in (config.share / SOUNDS).iterdir():
        if entry.name not in wanted:
            _remove(entry)


def number_media(number: int, wanted: str, speech: Speech, english: Path) -> list[str]:
    """The media by which a whole number is said to whoever wants this language.

    `english`: the folder of the engine's own English, which is spoken where the language lacks words.
    """
    spoken = speech.spoken_for(wanted)
    if spoken == ENGLISH or speech.voices[spoken].says_numbers:
        return [f"number:{number}"]
    return [f"sound:{english / word}" for word in english_words(number)]


def _own_sounds(data: Path) -> dict[str, Path]:
    folder = data / SOUNDS
    return {entry.name: entry for entry in folder.iterdir()} if folder.is_dir() else {}


def _put(target: Path, link: Path) -> None:
    """Make the link, or make it lead there, at once: nobody finds it missing meanwhile."""
    if link.is_symlink() and link.readlink() == target:
        return
    fresh = link.with_name(f".{secrets.token_hex(8)}")
    fresh.symlink_to(target)
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    fresh.replace(link)


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
