"""Which phones answer when they are told to, by a NOTIFY with `Event: talk` (Broadsoft's remote control).

A phone that knows the event says so in its manual, not on the wire: so it is told by how it calls itself. A
phone that does not know it goes on ringing, and nothing is lost but a second.
"""

_MAKES = (
    "yealink",
    "polycom",
    "poly",
    "snom",
    "grandstream",
    "fanvil",
    "cisco",
    "aastra",
    "mitel",
    "htek",
    "gigaset",
    "panasonic",
    "alcatel",
    "spectralink",
    "vvx",
)
"""Beginnings of the User-Agent (RFC 3261, 20.41) of phones that know it."""


def can_be_told_to_answer(user_agent: str) -> bool:
    """Whether a phone with this User-Agent knows `Event: talk`."""
    return user_agent.strip().casefold().startswith(_MAKES)
