"""Reading SIP messages as text: who calls (From, P-Asserted-Identity) and why a call ended (Reason).

What comes in was written by others: every function takes any text and returns a harmless value.
RFC 3261 (20.20 From, 25.1 grammar), RFC 3325 (P-Asserted-Identity), RFC 3326 (Reason), RFC 3515 (NOTIFY of
a transfer), RFC 5806 (Diversion), RFC 7090 (Priority).
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

MAX_NAME = 80
"""Longest display name kept, in characters."""
MAX_NUMBER = 64
"""Longest number kept, in characters."""

_COMPACT = {"f": "from", "t": "to", "i": "call-id", "m": "contact", "v": "via", "o": "event"}
_ADDRESS = re.compile(r"(?P<scheme>sips?|tel):(?P<rest>[^>\s,]*)", re.IGNORECASE)
_PARAM = re.compile(r';\s*(?P<key>[\w.-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^;,\s"]*))')
_STATUS_LINE = re.compile(r"\s*SIP/2\.0 (?P<code>[1-6][0-9]{2})\b")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True)
class Party:
    """A caller as shown: `number` is empty for an anonymous one."""

    number: str
    name: str


@dataclass(frozen=True)
class Reason:
    """One value of a Reason header (RFC 3326)."""

    protocol: str
    cause: int
    text: str


@dataclass(frozen=True)
class ReferNotice:
    """What a NOTIFY says of a transfer (RFC 3515, 2.4.4).

    `code`: the SIP status that the PBX has from the target, 0 if unreadable. `last`: no other notice follows.
    `event_id`: the CSeq number of the REFER that it belongs to, empty where it is left out.
    """

    code: int
    last: bool
    event_id: str
    reasons: tuple[Reason, ...]


def header_values(message: str, name: str) -> list[str]:
    """Values of all headers called `name` (any case, compact form too) of a SIP message, unfolded."""
    wanted = name.lower()
    head = re.split(r"\r?\n\r?\n", message, maxsplit=1)[0]
    unfolded = re.sub(r"\r?\n[ \t]+", " ", head)
    values = []
    for line in re.split(r"\r?\n", unfolded)[1:]:
        key, colon, value = line.partition(":")
        key = key.strip().lower()
        if colon and _COMPACT.get(key, key) == wanted:
            values.append(value.strip())
    return values


def clean(text: str, longest: int) -> str:
    """`text` as one line that is safe to show: no control, invisible or unpaired characters, not too long."""
    visible = "".join(" " if c in "\t\r\n" else c for c in text)
    visible = "".join(c for c in visible if unicodedata.category(c) not in _UNSEEN)
    return " ".join(visible.split())[:longest]


def parse_party(value: str) -> Party:
    """Name and number of a name-addr or addr-spec; empty strings where there is none."""
    value = value[:2048]
    name, rest = _display_name(value)
    address = _ADDRESS.search(rest)
    if address is None:
        return Party("", clean(name, MAX_NAME))
    body = address["rest"]
    if address["scheme"].lower() == "tel":
        user, host = body.partition(";")[0], ""
    elif "@" in body:
        user, _, host = body.partition("@")
        user = user.partition(";")[0].partition(":")[0]
    else:
        user, host = "", body
    number = clean(unquote(user, errors="replace"), MAX_NUMBER)
    host = host.partition(";")[0].partition(":")[0].lower()
    if host == "anonymous.invalid" or number.lower() == "anonymous":
        number = ""
    return Party(number, clean(name, MAX_NAME))


def caller(message: str, from_value: str = "") -> Party:
    """Who sent an INVITE: P-Asserted-Identity if the PBX gave one, else From.

    The PBX is the trust domain of RFC 3325. A request for privacy (`Privacy: id`) hides the number.
    """
    froms = header_values(message, "From")
    shown = parse_party(froms[0] if froms else from_value)
    if not shown.number:
        return shown
    for value in header_values(message, "P-Asserted-Identity"):
        asserted = parse_party(value)
        if asserted.number:
            return Party(asserted.number, asserted.name or shown.name)
    return shown


def asserted(message: str) -> Party | None:
    """Whom the PBX says to be at its end (RFC 3325, P-Asserted-Identity); None if it does not, or may not."""
    if any("id" in re.split(r"[;\s]+", value.lower()) for value in header_values(message, "Privacy")):
        return None
    parties = [parse_party(value) for value in header_values(message, "P-Asserted-Identity")]
    named = [party for party in parties if party.number or party.name]
    return next((party for party in named if party.number), named[0] if named else None)


def called_for(message: str) -> Party | None:
    """For whom a call is that comes here instead (RFC 5806, the last diversion); None: for who is here."""
    parties = [parse_party(value) for value in header_values(message, "Diversion")[:1]]
    return next((party for party in parties if party.number or party.name), None)


def waited_s(message: str) -> int | None:
    """For how many seconds the caller has waited in the queue `called_for`; None: that is no queue."""
    for value in header_values(message, "Diversion")[:1]:
        for found in _PARAM.finditer(value[:2048].rpartition(">")[2]):
            if found["key"].lower() == "waited" and re.fullmatch(r"[0-9]{1,6}", found["bare"] or ""):
                return int(found["bare"])
    return None


def is_emergency_call_back(message: str) -> bool:
    """Whether the PBX takes a call for the call-back of an emergency centre (RFC 7090, section 8)."""
    return any(value.lower() == "psap-callback" for value in header_values(message, "Priority"))


def refer_notice(message: str) -> ReferNotice | None:
    """What a NOTIFY says of a transfer; None if it is about something else."""
    event = next(iter(header_values(message, "Event")), "")
    if event.partition(";")[0].strip().lower() != "refer":
        return None
    event_id = next((m["bare"] or "" for m in _PARAM.finditer(event) if m["key"].lower() == "id"), "")
    state = next(iter(header_values(message, "Subscription-State")), "")
    body = "".join(re.split(r"\r?\n\r?\n", message, maxsplit=1)[1:])
    status = _STATUS_LINE.match(body)
    return ReferNotice(
        code=int(status["code"]) if status else 0,
        last=state.partition(";")[0].strip().lower() == "terminated",
        event_id=event_id,
        reasons=tuple(reasons(body.lstrip())),
    )


def reasons(message: str) -> list[Reason]:
    """All values of all Reason headers, unreadable ones left out."""
    found = []
    for value in header_values(message, "Reason"):
        for part in _split_outside_quotes(value[:1024]):
            protocol = part.partition(";")[0].strip().upper()
            params = {
                m["key"].lower(): m["bare"] if m["quoted"] is None else re.sub(r"\\(.)", r"\1", m["quoted"])
                for m in _PARAM.finditer(part)
            }
            cause = params.get("cause", "")
            if protocol and re.fullmatch(r"[0-9]{1,3}", cause):
                found.append(Reason(protocol, int(cause), clean(params.get("text", ""), MAX_NAME)))
    return found


def _display_name(value: str) -> tuple[str, str]:
    """The display name of a name-addr, and what follows it."""
    value = value.strip()
    if value.startswith('"'):
        end = re.match(r'"((?:[^"\\]|\\.)*)"', value)
        if end is not None:
            return re.sub(r"\\(.)", r"\1", end[1]), value[end.end() :]
        return "", value
    name, bracket, rest = value.partition("<")
    return (name.strip(), rest) if bracket else ("", value)


def _split_outside_quotes(value: str) -> list[str]:
    return re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+', value)
