"""Live events: `GET /api/v1/events` (WebSocket).

The token goes in the `Authorization` header of the handshake. The client sends `Subscribe`; for each topic
the server answers with a `Snapshot`, then with `Delta`s whose `seq` rises by one. What the server sends is
JSON, one message a line: most often one alone, and several where much changes at once. After a gap or a
reconnect the client subscribes again and gets a new snapshot. What has no snapshot yet is unknown: just
after its start the server may not know it either.
The server closes with one of `CloseCode`.
"""

from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from server.contract.base import Reply, Request


class Topic(StrEnum):
    """What can be subscribed to, and the model of its items."""

    EXTENSIONS = "extensions"
    """`ExtensionState`, keyed by number; every extension the user may see."""
    CALL_LOG = "call_log"
    """`CallLogEntry`, keyed by id; the newest 500 of the user's own."""
    ME = "me"
    """`auth.Me`, one item keyed `me`: changes of the own account."""
    PARKED = "parked"
    """`parking.ParkedCall`, keyed by slot; every call that is parked."""
    VOICEMAIL = "voicemail"
    """`voicemail.MailboxState`, keyed by the mailbox's number; the own one, and those of the own groups."""
    CALLS = "calls"
    """`own_calls.OwnCall`, keyed by id; the own calls."""
    PHONES = "phones"
    """`own_calls.OwnPhone`, keyed by id; the registered phones of the own extension."""
    RECORDINGS = "recordings"
    """`recording.Recording`, keyed by id; the newest 500 of the user's own, with the permission to listen."""
    KEYS = "keys"
    """`keys.FunctionKeys`, one item keyed `keys`: the own function keys."""
    FORWARDING = "forwarding"
    """`reaching.OwnForwarding`, keyed by condition: where own calls go in the status that is chosen now."""
    PAIRS = "pairs"
    """`pairs.Pair`, keyed `boss/secretary`; those in which the user is the boss or the secretary."""
    AGENTS = "agents"
    """`agents.AgentStatus`, keyed `queue/extension`: the own ones, and those of queues one manages.

    For administrators those of all queues.
    """
    QUEUES = "queues"
    """`queue_board.QueueBoard`, keyed by number; the queues one manages, for administrators all."""
    QUEUE_LOG = "queue_log"
    """`agents.QueueLogEntry`, keyed by id; the newest 500 of the queues' calls that one may see."""


class CloseCode(IntEnum):
    """WebSocket close codes of this API."""

    UNAUTHENTICATED = 4401
    """The session has ended or was revoked: log in again."""
    TOO_SLOW = 4408
    """The client did not read fast enough: reconnect."""
    BAD_MESSAGE = 4400


class Subscribe(Request):
    """Ask for topics; one that is subscribed already gets a new snapshot."""

    type: Literal["subscribe"] = "subscribe"
    topics: list[Topic] = Field(min_length=1, max_length=32)


class Unsubscribe(Request):
    """No more of these topics."""

    type: Literal["unsubscribe"] = "unsubscribe"
    topics: list[Topic] = Field(min_length=1, max_length=32)


ClientMessage = Annotated[Subscribe | Unsubscribe, Field(discriminator="type")]


class Snapshot(Reply):
    """The whole of a topic as of `seq`: items by key."""

    type: Literal["snapshot"] = "snapshot"
    topic: Topic
    seq: int
    items: dict[str, Any]


class Delta(Reply):
    """One item changed (`item` is its whole new state) or went (`item` is None)."""

    type: Literal["delta"] = "delta"
    topic: Topic
    seq: int
    key: str
    item: Any | None


ServerMessage = Annotated[Snapshot | Delta, Field(discriminator="type")]
