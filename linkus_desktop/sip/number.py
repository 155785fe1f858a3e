"""From what a person types, pastes or clicks to what is dialled (SIP-2); no I/O."""

import re
from urllib.parse import unquote

from linkus_desktop.sip.values import PhoneError

_SCHEME = re.compile(r"^(?:tel|sips?|callto):(?://)?", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015\u202f]")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_DIALLABLE = re.compile(r"\+?[0-9*#A-Da-d]{1,40}")
_NAME = re.compile(r"[A-Za-z0-9_.!~*'&=+$,;?/-]{1,64}")


def dialled(text: str) -> str:
    """The number in `text`: `+420 530-335 533`, `tel:+420530335533`, `sip:2001@pbx` or `2001`.

    Raises `PhoneError` if there is none.
    """
    plain = _INVISIBLE.sub("", text).strip()
    rest = _SCHEME.sub("", plain)
    was_uri = rest != plain
    if was_uri:
        rest = unquote(rest).partition("@")[0].partition(";")[0].partition("?")[0]
    number = _SEPARATORS.sub("", rest).replace("+(", "+")
    if _DIALLABLE.fullmatch(number):
        return number
    if was_uri and _NAME.fullmatch(rest):
        return rest
    if not plain:
        raise PhoneError("Type a number to dial.")
    raise PhoneError(f"“{plain[:40]}” is not a number that can be dialled.")
