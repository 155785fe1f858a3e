"""All queues and what holds for them as one thing, to be kept in a file (issue D, import and export)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from server.contract.base import Reply, Request
from server.contract.queues import Queue, QueueOptions

MAX_QUEUES = 200
"""So many numbers there are for queues."""

MAX_SETUP_BYTES = 4 * 1024 * 1024
"""Bytes of a set-up: 100 queues of 800 agents each."""


class QueueSetup(Request):
    """Every queue, with members, levels and announcements, and the options of all of them."""

    options: QueueOptions = QueueOptions()
    queues: Annotated[tuple[Queue, ...], Field(max_length=MAX_QUEUES)] = ()

    @model_validator(mode="after")
    def _each_queue_once(self) -> Self:
        numbers = [queue.number for queue in self.queues]
        if "" in numbers:
            raise ValueError(f"queues.{numbers.index('')}: the number is missing")
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"there is more than one queue {', '.join(twice)}")
        if self.options.name != QueueOptions().name:
            raise ValueError(f"options.name: is {QueueOptions().name}, or is left out")
        return self


class QueueSetupChanges(Reply):
    """What an import changes, or would change: numbers of queues, and whether the options."""

    dry_run: bool
    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    options_changed: bool = False
