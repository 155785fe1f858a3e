"""Sounds that are played to a leg: the playbacks of the REST interface.

The playbacks of a leg have two ids in turn, made of the leg's id: so a later server can stop what an earlier
one began, and the end of a playback, however late it is told, is not taken for that of the next one. Asterisk
passes over a sound in the middle that it does not have, and never ends one whose kind it does not know: so
all are looked up before, in English: what the language of the leg lacks is said in that.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from server.switch.asterisk.ari import segment
from server.switch.asterisk.legs import playback_ids
from server.switch.asterisk.occupation import Occupation
from server.switch.asterisk.voices import language_code, number_media
from server.switch.port import Sound, SwitchError, SwitchUnavailable
from server.switch.sound import SoundKind, check_playable

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control
    from server.switch.asterisk.legs import AsteriskLeg

SCHEMES = {
    SoundKind.PROMPT: "sound",
    SoundKind.FILE: "sound",
    SoundKind.DIGITS: "digits",
    SoundKind.TONE: "tone",
}
EXTENSIONS = (".wav", ".wav16", ".gsm", ".sln", ".alaw", ".ulaw")
"""Of files that the loaded format modules can play."""


class Playing:
    """Plays sounds, one at a time to each leg."""

    def __init__(self, control: "Control") -> None:
        self._control = control
        self._prompts: frozenset[str] = frozenset()

    async def play(self, leg: "AsteriskLeg", sounds: tuple[Sound, ...]) -> None:
        """See `Leg.play`."""
        check_playable(sounds)
        leg.check()
        language = leg.language
        media = [uri for sound in sounds for uri in await self._uris(sound, language)]
        occupation = await leg.occupy("", lambda: self._stop(occupation.name))
        occupation.name = leg.next_playback()
        try:
            await asyncio.shield(self._control.later(self._begin(leg, occupation, media, language)))
            told = await asyncio.shield(occupation.over)
        except asyncio.CancelledError:
            self._control.later(occupation.stop())
            raise
        leg.check()
        if told is None:
            raise SwitchUnavailable("The connection with Asterisk was lost while a sound was played.")
        if told["state"] == "failed":
            shown = ", ".join(map(str, sounds))
            await self._control.raise_gone(leg, SwitchError(f"Asterisk could not play {shown}."))

    async def end_inherited(self, legs: Iterable["AsteriskLeg"]) -> None:
        """Stop what an earlier server, or an earlier connection, may have left playing; music goes on."""
        for leg in [leg for leg in legs if leg.inherited]:
            for playback in playback_ids(leg.id):
                if await self._stop(playback):
                    leg.playback = playback
            leg.inherited = False
            await self._control.music.begin(leg)

    def forget_prompts(self) -> None:
        """The engine may be another one."""
        self._prompts = frozenset()

    async def _begin(
        self, leg: "AsteriskLeg", occupation: Occupation, media: list[str], language: str
    ) -> None:
        path = f"channels/{segment(leg.id)}/play"
        spoken = language_code(self._control.speech.spoken_for(language))
        request = self._control.connected.post(
            path, {"media": media}, playbackId=occupation.name, lang=spoken
        )
        try:
            await self._control.on_leg(leg, request)
        except SwitchError:
            occupation.end(None)
            raise
        occupation.requested()

    async def _stop(self, playback: str) -> bool:
        """Ask for its end, of which the engine tells later; False if there is none such."""
        return await self._control.connected.delete(f"playbacks/{segment(playback)}")

    async def _uris(self, sound: Sound, language: str) -> list[str]:
        """How the engine calls a sound; raises `SwitchError` if it does not have it."""
        if sound.kind is SoundKind.PROMPT and sound.value not in await self._known():
            raise SwitchError(f"Asterisk has no prompt {sound.value}.")
        if sound.kind is SoundKind.FILE and not file_exists(sound.value):
            raise SwitchError(f"There is no sound file {sound.value} ({', '.join(EXTENSIONS)}).")
        if sound.kind is SoundKind.NUMBER:
            english = self._control.english_sounds
            return number_media(int(sound.value), language, self._control.speech, english)
        return [f"{SCHEMES[sound.kind]}:{sound.value}"]

    async def _known(self) -> frozenset[str]:
        """Names of all prompts of the engine, asked for once."""
        if not self._prompts:
            listed = await self._control.connected.get("sounds")
            self._prompts = frozenset(entry["id"] for entry in listed)
        return self._prompts


def file_exists(path: str) -> bool:
    """Whether there is a file that can be played at this path without an extension."""
    return any(Path(path + extension).is_file() for extension in EXTENSIONS)
