"""What a `tel:`, `sip:` or `linkus:` link from another program asks for (SIP-2, AUTH-2); no I/O.

A link comes from anywhere, a web page too: it only fills the dial field, and whatever it is made of, the
answer is a number or a `LinkError` with a text for people.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from linkus_desktop.pbx.address import ServerAddress
from linkus_desktop.sip.number import dialled
from linkus_desktop.sip.values import PhoneError

LONGEST = 2048
"""Characters; RFC 3966 and RFC 3261 links of people are far shorter."""
_SHOWN = 60
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://)?(.*)", re.DOTALL)
_PASSWORD = re.compile(r":[^:@/]*@")
_IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+\b")
_EXTENSION = re.compile(r"[0-9*#]{1,16}")
_OTHER = 'It can be opened only with "tel:", "sip:" or "sips:" before the number.'


class LinkError(ValueError):
    """The link cannot be called; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class CallLink:
    """What to put into the dial field.

    Attributes:
        number: plain, as it is dialled.
        note: what the link says besides, and what to do about it, for people; mostly empty.
    """

    number: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LoginLink:
    """What logs in with no typing (AUTH-2). `fingerprint`: of the server's certificate, or ""."""

    server: str
    user: str
    token: str = field(repr=False)
    fingerprint: str = ""


_TOKEN = re.compile(r"[A-Za-z0-9_-]{20,64}")
_USER = re.compile(r"[0-9]{2,8}")
_FINGERPRINT = re.compile(r"([0-9a-f]{64})?")
_BROKEN = "This login link is not complete. Copy all of it, or ask your administrator for another one."


def is_login(link: str) -> bool:
    """Whether this is a link to log in with, be it a broken one."""
    return link.strip().lower().startswith("linkus:")


def parse_login(link: str) -> LoginLink:
    """What a `linkus://login?…` link says. Raises `LinkError`, which repeats nothing of it."""
    text = link.strip()
    scheme, _, rest = text.partition("?")
    if len(text) > LONGEST or scheme.lower().rstrip("/") != "linkus://login":
        raise LinkError(_BROKEN)
    given = dict(parse_qsl(rest, max_num_fields=16) if rest.count("&") < 16 else ())
    found = LoginLink(
        given.get("server", ""),
        given.get("user", ""),
        given.get("token", ""),
        given.get("fingerprint", "").lower(),
    )
    try:
        ServerAddress.parse(found.server)
    except ValueError:
        raise LinkError(_BROKEN) from None
    whole = _TOKEN.fullmatch(found.token) and _USER.fullmatch(found.user)
    if not (whole and _FINGERPRINT.fullmatch(found.fingerprint)):
        raise LinkError(_BROKEN)
    return found


def parse(link: str) -> CallLink:
    """The number of a `tel:` (RFC 3966), `sip:` or `sips:` (RFC 3261, 19.1) link, however it is spelt.

    Raises `LinkError`.
    """
    text = link.strip()
    if len(text) > LONGEST:
        raise LinkError(f"The link is {len(text)} characters long; that is no number to call.")
    found = _SCHEME.fullmatch(text)
    scheme, rest = (found[1].lower(), found[2]) if found else ("tel", text)
    match scheme:
        case "tel" | "callto":
            return _tel(rest, link)
        case "sip" | "sips":
            return _sip(rest, link)
        case "linkus":
            raise LinkError("This is a link to log in with, not one to call.")
    raise LinkError(f"“{_shown(link)}” is not a link to call. {_OTHER}")


def _tel(rest: str, link: str) -> CallLink:
    """RFC 3966: number, then `;name=value`; `phone-context` says where it is valid and is not dialled."""
    number, *parameters = unquote(rest).split(";")
    return CallLink(_number(number, link), _note(parameters))


def _sip(rest: str, link: str) -> CallLink:
    """RFC 3261: `user:password@host;parameters?headers`; the user may be a telephone number (RFC 3966).

    The host is left out: this phone calls through its own PBX and nowhere else.
    """
    address = rest.partition("?")[0]
    user, at, host = address.rpartition("@")
    if not at and not _IPV4.match(address):  # `sip:1002` is spelt like a host, and meant as a number
        user, host = address, ""
    user, *parameters = unquote(user.partition(":")[0]).split(";")
    try:
        return CallLink(_number(user, link), _note(parameters))
    except LinkError as error:
        if at and user and host:
            raise LinkError(
                f"The link leads to “{_shown(user)}” at “{_shown(host)}”. "
                "Only numbers can be called here: ask for the number."
            ) from error
        raise


def _number(text: str, link: str) -> str:
    """`text` as it is dialled; never a name, and never what only looks like another link."""
    try:
        if ":" not in text:
            return dialled(text)
    except PhoneError as error:
        raise LinkError(f"There is no number to call in the link “{_shown(link)}”.") from error
    raise LinkError(f"There is no number to call in the link “{_shown(link)}”.")


def _note(parameters: list[str]) -> str:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "ext" and _EXTENSION.fullmatch(value.strip()):
            return f"The link asks for extension {value.strip()} there: send it as tones once they answer."
    return ""


def _shown(text: str) -> str:
    """What of a link may stand in a message: no password, nothing invisible, not all of a long one."""
    plain = "".join(c if c.isprintable() else " " for c in _PASSWORD.sub("@", text)).strip()
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
