"""Languages in which the PBX itself speaks, beside English (Q-5, ADMIN-2)."""

from server.contract.base import Instant, Reply
from server.contract.prompts import Language

MAX_PACKAGE_BYTES = 48 << 20
"""Bytes of a sound package as it is sent, packed."""


class SpokenLanguage(Reply):
    """A sound package: what the PBX says in one language. What it lacks is said in English.

    `sounds` of it are there, `size` bytes in all. Of the `needed` sounds, which the PBX plays, these are
    `missing`. Numbers are said in English unless `says_numbers`: there is a sound for each of their words.
    """

    language: Language
    sounds: int
    size: int
    needed: int
    missing: list[str]
    says_numbers: bool
    installed_at: Instant


class LanguageInstalled(SpokenLanguage):
    """The same, just installed; `ignored` files of the archive are no sounds, or stand twice there."""

    ignored: int
