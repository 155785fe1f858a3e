"""What is to be routed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from server.contract.conference import Conference
from server.contract.extensions import Extension
from server.contract.hours import Holidays, TimeCondition
from server.contract.ivr import Ivr
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.routing import EmergencyNumber, RingGroup
from server.contract.voicemail import GroupMailbox
from server.rules.hours import Verdict, in_hours
from server.rules.routing.snapshot import Snapshot


class Extensions(Protocol):
    """The enabled extensions: `services.directory.Directory`, or a mapping by number."""

    def get(self, number: str, /) -> Extension | None:
        """The enabled extension with this number, else None."""


@dataclass(frozen=True, slots=True)
class FromExtension:
    """A phone of `extension` dialled this, as it was sent."""

    extension: str
    dialled: str


@dataclass(frozen=True, slots=True)
class FromTrunk:
    """A call came in. `dialled` is the number it is for (DID), `caller` the number shown, "" if withheld.

    `marked`: the trunk says that an emergency centre calls back (RFC 7090).
    """

    trunk: str
    dialled: str
    caller: str = ""
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A call that a rule, not a person, sends to a number: a forwarding, a ring on a mobile, a dialler.

    `extension` is whose rule it is, and whose permissions count; "": the administrator's, everything is
    permitted. Emergency numbers are refused (DIAL-2): a machine must not call there.
    """

    dialled: str
    extension: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who calls, as conditions ask for it: the number, canonical, "" if withheld; `internal`: a colleague."""

    number: str = ""
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What all rules look at, besides the call: `wall` is the system's local time, None if unknown."""

    snapshot: Snapshot
    extensions: Extensions
    wall: datetime | None

    def is_extension(self, number: str) -> bool:
        """Whether it is the number of an enabled extension."""
        return self.extensions.get(number) is not None

    def is_ring_group(self, number: str) -> bool:
        """Whether it is the number of a ring group."""
        return self.snapshot.get(RingGroup, number) is not None

    def is_ivr(self, number: str) -> bool:
        """Whether it is the number of a menu."""
        return self.snapshot.get(Ivr, number) is not None

    def is_queue(self, number: str) -> bool:
        """Whether it is the number of a queue."""
        return self.snapshot.get(Queue, number) is not None

    def is_conference(self, number: str) -> bool:
        """Whether it is the number of a conference room."""
        return self.snapshot.get(Conference, number) is not None

    def is_prompt(self, name: str) -> bool:
        """Whether it is the name of a prompt."""
        return self.snapshot.get(Prompt, name) is not None

    def is_group_mailbox(self, number: str) -> bool:
        """Whether it is the number of a group mailbox."""
        return self.snapshot.get(GroupMailbox, number) is not None

    def is_emergency(self, number: str) -> bool:
        """Whether it is an emergency number."""
        return self.snapshot.get(EmergencyNumber, number) is not None

    def open_at(self, time_condition: str) -> Verdict:
        """Whether the time condition with this name holds."""
        conditions, holidays = self.snapshot.all(TimeCondition), self.snapshot.all(Holidays)
        return in_hours(time_condition, conditions, holidays, self.wall)


Call = FromExtension | FromTrunk | Forwarded
