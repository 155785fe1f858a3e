"""The logs of all queues of which one may see something, as a client reads them (Q-9)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from server.contract.agents import QueueLogEntry
from server.contract.base import ExtensionNumber, Reply, Request

LogCursor = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,17}-[0-9]{1,10}$")]
"""Where a page of the log ended: `QueueLogPage.next`. It holds even if lines there are gone meanwhile."""

EntryId = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""Of a line of a queue's log."""


class QueueLogView(Reply):
    """What one may see of a queue's log.

    Attributes:
        incoming: calls that one has answered. missed: calls that nobody has. all: calls of other agents too.
    """

    queue: ExtensionNumber
    name: str = ""
    incoming: bool
    missed: bool
    all: bool = False


class QueueLogPage(Reply):
    """Lines of the logs, the newest first. `GET /queue-log`.

    Attributes:
        queues: those of which one may see something, by number; none: one may see no log.
        next: for the page that follows, to be given as `before`; None: there is none.
    """

    entries: list[QueueLogEntry]
    queues: list[QueueLogView]
    next: LogCursor | None = None


class QueueLogSelection(Request):
    """Lines of the queues' log, by id. `POST /queue-log/delete`."""

    ids: list[EntryId] = Field(min_length=1, max_length=500)


class QueueLogDeleted(Reply):
    """How many lines were deleted; those that were already do not count."""

    count: int
