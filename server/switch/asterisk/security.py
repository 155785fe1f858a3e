"""Refused SIP requests, from Asterisk's security events.

On the wire a wrong secret and an unknown user look the same: 401 with the same headers, whatever the method
and however often. Here they differ, and so do their events:

- a wrong secret is one `ChallengeResponseFailed` with the account;
- an unknown user is an `InvalidAccountID` with the account for each request, the one without credentials
  included (so a scan that never sends any is noticed too; Asterisk leaves only the very first request from
  an address out), and a `ChallengeResponseFailed` for account `<unknown>`;
- a request from a blocked address is answered 403 and raises no event at all.
"""

from datetime import UTC, datetime

from server.switch.asterisk.ami import Message
from server.switch.port import SecurityEvent, SecurityKind

_KINDS = {
    "InvalidAccountID": SecurityKind.UNKNOWN_USER,
    "InvalidPassword": SecurityKind.BAD_SECRET,
    "ChallengeResponseFailed": SecurityKind.BAD_SECRET,
}
_UNKNOWN = "<unknown>"
REMEMBERED = 1000


class SecurityReader:
    """Makes one event of one attempt.

    An attempt of an unknown user is two requests of one session (Call-ID), the second with credentials:
    every other one of a session is left out.
    """

    def __init__(self) -> None:
        self._half: dict[str, None] = {}

    def read(self, message: Message, *, knows_since: datetime | None) -> SecurityEvent | None:
        """The event that a manager message is, or None if it is about something else or told already.

        `knows_since`: when the engine was told of all extensions; None: it was not. One that has just started
        knows nobody, which is not the phones' fault: those unknown users are left out.
        """
        event = parse_security_event(message)
        if event is None or event.account == _UNKNOWN:
            return None
        if event.kind is not SecurityKind.UNKNOWN_USER:
            return event
        if self._second_half(message.get("SessionID", "")) or not _is_fair(message, knows_since):
            return None
        return event

    def _second_half(self, session: str) -> bool:
        if session in self._half:
            del self._half[session]
            return True
        self._half[session] = None
        if len(self._half) > REMEMBERED:
            del self._half[next(iter(self._half))]
        return False


def _is_fair(message: Message, knows_since: datetime | None) -> bool:
    """It may be told late: what counts is when it happened. A clock that was set back counts for nobody."""
    at = moment_of(message)
    return knows_since is not None and (at is None or at >= knows_since or knows_since > datetime.now(UTC))


def parse_security_event(message: Message) -> SecurityEvent | None:
    """A security event of the SIP stack, or None."""
    kind = _KINDS.get(message.get("Event", ""))
    if kind is None or message.get("Service") != "PJSIP":
        return None
    family, transport, rest = (message.get("RemoteAddress", "") + "///").split("/", 2)
    if not family:
        return None
    return SecurityEvent(
        kind=kind,
        account=message.get("AccountID", ""),
        address=rest.split("/")[0],
        transport=transport.lower(),
    )


def moment_of(message: Message) -> datetime | None:
    """When what a security event tells of happened (aware); None if it does not say."""
    try:
        moment = datetime.fromisoformat(message.get("EventTV", ""))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
