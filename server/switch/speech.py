"""In which languages the engine speaks, and to whom in which.

English is the engine's own. Other languages are folders of sounds with the names of Asterisk's sound
packages; what one lacks is said in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ENGLISH = "en"
"""The language that every engine speaks."""


@dataclass(frozen=True, slots=True)
class Voice:
    """The sounds of one language.

    Attributes:
        folder: where they are: `digits/1.wav16`, `queue-thankyou.gsm`.
        says_numbers: whether it has all words of which its grammar makes numbers; else English ones are said.
    """

    folder: Path
    says_numbers: bool


@dataclass(frozen=True, slots=True)
class Speech:
    """What legs are spoken to in. Languages are codes as in `cs` or `pt-BR` (ISO 639, ISO 3166).

    Attributes:
        voices: by language, all but English.
        usual: for whoever has no language of its own.
        of_extensions: the own language of extensions, by number.
    """

    voices: Mapping[str, Voice] = field(default_factory=dict)
    usual: str = ENGLISH
    of_extensions: Mapping[str, str] = field(default_factory=dict)

    def wanted_by(self, number: str) -> str:
        """The language of an extension; "" is somebody outside."""
        return self.of_extensions.get(number, self.usual)

    def spoken_for(self, wanted: str) -> str:
        """The language that is spoken where this one is wanted: without its country, or English, at worst."""
        base = wanted.partition("-")[0]
        return next((one for one in (wanted, base) if one in self.voices), ENGLISH)
