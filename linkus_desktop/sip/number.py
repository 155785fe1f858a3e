"""From what a person types, pastes or clicks to what is dialled (SIP-2); no I/O."""

import re
import unicodedata
from urllib.parse import unquote

from linkus_desktop.sip.values import PhoneError

MOST_DIGITS = 17
"""Digits of a number in a text: 15 (ITU-T E.164) and an international prefix."""
FEWEST_DIGITS = 3
"""Fewer digits among words are a room, an hour or a quantity."""

_SCHEME = re.compile(r"^(?:tel|sips?|callto):(?://)?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().\-/\u2010-\u2015]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_DIALLABLE = re.compile(r"\+?[0-9*#A-Da-d]{1,40}")
_KEYS = re.compile(r"\+?[0-9*#]+")
_NAME = re.compile(r"[A-Za-z0-9_.!~*'&=+$,;?/-]{1,64}")
_TRUNK_ZERO = re.compile(r"^((?:\+|00)\s*(?!39)[1-9][\d\s.\-/]*)\(\s*0\s*\)")
"""`+44 (0)20`: the zero is dialled inside the country only; in Italy (39) always."""
_URI = re.compile(r"\b(?:tel|sips?|callto):[^\s<>\"]+", re.IGNORECASE)
_WEB = re.compile(r"\b(?:https?|mailto):\S+|\b[\w.+-]+@[\w.-]+", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?<!\d)(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1(?:\d{4}|\d{2})|\d{1,2}:\d{2})(?![./-]?\d)"
)
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1\d{4}")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_INWARD = re.compile(r"\W(?:ext(?:ension)?|x)\.?\s*\d{1,6}\b", re.IGNORECASE)
_AMONG_WORDS = re.compile(r"(?<![\w#*])(?:\+\s?)?\(?\+?\d(?:[ .\-/]?[()]{0,2}[ ]?\d|[*#])*(?!\w)")


def dialled(text: str) -> str:
    """The number in `text`: `+420 530-335 533`, `tel:+420530335533`, `sip:2001@pbx` or `2001`.

    Raises `PhoneError` if there is none.
    """
    plain = _INVISIBLE.sub("", text).strip()
    rest = _SCHEME.sub("", plain)
    was_uri = rest != plain
    if was_uri:
        rest = unquote(rest).partition("@")[0].partition(";")[0].partition("?")[0]
    number = _without_separators(rest)
    if _DIALLABLE.fullmatch(number):
        return number
    if was_uri and _NAME.fullmatch(rest):
        return rest
    if not plain:
        raise PhoneError("Type a number to dial.")
    raise PhoneError(f"“{plain[:40]}” is not a number that can be dialled.")


def spelled(text: str) -> str | None:
    """What to dial where `text` is one number and nothing else, in any spelling; None for a name.

    Unlike `dialled`, which may be given `A` to `D`, the tones of RFC 4733: as typed, Ada is a name.
    """
    plain = _normal(text)
    if _SCHEME.match(plain):
        try:
            return dialled(plain)
        except PhoneError:
            return None
    number = _without_separators(plain)
    if not _KEYS.fullmatch(number) or len(number) > 40:
        return None
    if _DATE.fullmatch(plain) or _ADDRESS.fullmatch(plain):
        return None
    parts = len(plain.split())
    return None if parts > 1 and sum(c.isdigit() for c in number) > MOST_DIGITS else number  # two numbers


def number_in(text: str) -> str | None:
    """What to dial where there is one number in `text`, whatever words are around it; else None.

    Of several the only one with `+` is meant. Dates, times, addresses and what follows “ext.” are no numbers.
    """
    whole = spelled(text)
    if whole is not None:
        return whole
    plain = _normal(text)
    uris = {number for found in _URI.findall(plain) if (number := spelled(found.rstrip(".,;)")))}
    if uris:
        return uris.pop() if len(uris) == 1 else None
    for other in (_WEB, _ADDRESS, _MOMENT, _INWARD):
        plain = other.sub(" ; ", plain)
    numbers = {
        _without_separators(found)
        for found in _AMONG_WORDS.findall(plain)
        if FEWEST_DIGITS <= sum(c.isdigit() for c in found) <= MOST_DIGITS
    }
    international = {number for number in numbers if number.startswith("+")}
    meant = international if len(numbers) > 1 else numbers
    return meant.pop() if len(meant) == 1 else None


def _normal(text: str) -> str:
    """Without what cannot be seen, and with plain digits and signs, in whatever script they are written."""
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).strip()
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def _without_separators(text: str) -> str:
    return _SEPARATORS.sub("", _TRUNK_ZERO.sub(r"\1", text)).replace("+(", "+")
