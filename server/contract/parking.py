"""Parking: a call waits with music on a slot until somebody dials the slot's number (SIP-4, CODE-1)."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from server.contract.base import ExtensionNumber, Instant, Reply
from server.contract.configuration import ConfigObject, ObjectName

MAX_SLOTS = 200


class Parking(ConfigObject):
    """The slots, and how long a call waits on one; there is one such object.

    When the time is up the call goes back to who has parked it; if nobody answers there, it waits again.
    The slots' numbers belong to the numbering plan.
    """

    name: ObjectName = "parking"
    first_slot: ExtensionNumber = "6900"
    last_slot: ExtensionNumber = "6919"
    timeout_s: Annotated[int, Field(ge=10, le=3600)] = 60

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if len(self.first_slot) != len(self.last_slot):
            raise ValueError("the first and the last slot have as many digits")
        if not 0 <= int(self.last_slot) - int(self.first_slot) < MAX_SLOTS:
            raise ValueError(f"the last slot follows the first one; there are {MAX_SLOTS} at most")
        return self

    @property
    def slots(self) -> tuple[str, ...]:
        """The numbers of the slots, in order."""
        width = len(self.first_slot)
        return tuple(str(n).zfill(width) for n in range(int(self.first_slot), int(self.last_slot) + 1))

    def has(self, number: str) -> bool:
        """Whether this is the number of a slot."""
        return len(number) == len(self.first_slot) and self.first_slot <= number <= self.last_slot

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"{self.first_slot} to {self.last_slot}, back after {self.timeout_s} s"


class ParkedCall(Reply):
    """A call on a slot: an item of topic `parked`, keyed by slot. The extension `by` has parked it."""

    slot: str
    number: str
    name: str
    by: str
    since: Instant
