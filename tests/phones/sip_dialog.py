"""What a phone keeps of one call by SIP (RFC 3261, 12)."""

import asyncio
from dataclasses import dataclass, field

from tests.phones.sipscript import Message


@dataclass(slots=True)
class Dialog:
    """A dialog, its call, and all that was said in it.

    Attributes:
        invite: the INVITE, sent or received.
        provisional: statuses below 200 that the caller was sent, in order.
        answer: the final answer to the INVITE.
        reasons: `Reason` headers of the CANCEL or BYE that came.
    """

    call_id: str
    local: str
    remote: str
    target: str
    invite: Message
    outgoing: bool
    sequence: int = 1
    route: list[str] = field(default_factory=list)
    provisional: list[int] = field(default_factory=list)
    early: str = ""
    """`To` of what rings, by which the dialog can be named before it is answered (RFC 3261, 12.1)."""
    asserted: str = ""
    """Who is called, as the other side says (P-Asserted-Identity, RFC 3325)."""
    answer: Message | None = None
    reasons: list[str] = field(default_factory=list)
    rings: asyncio.Event = field(default_factory=asyncio.Event)
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
