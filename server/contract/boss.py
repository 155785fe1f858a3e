"""Bosses: calls to them go to their secretaries first (BOSS-1)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.base import ExtensionNumber
from server.contract.configuration import EXTENSION, ConfigObject, ExtensionNumbers, Reference
from server.contract.patterns import NumberPattern

DEFAULT_SECRETARY_RING_S = 30
"""Seconds that secretaries ring, unless that is configured."""


class BossCalls(StrEnum):
    """Which calls to a boss go to the secretaries first: colleagues' are internal."""

    INTERNAL = "internal"
    EXTERNAL = "external"
    BOTH = "both"


class Boss(ConfigObject):
    """Calls to the extension `name` go to its secretaries first.

    `secretaries` ring together, then the members of `ring_group` by its strategy; the destination of the
    group does not count. Each of them is a pair with the boss, which is on unless it is in `switched_off`.
    Callers whose number matches the `whitelist` reach the boss directly, and so do the secretaries. Nobody
    takes a call: it is the boss's own, as if there were no secretaries. `keep_secretary`: who has put the
    caller on hold is not released when the boss takes the call, and may come back into it.
    """

    name: ExtensionNumber = ""
    secretaries: Annotated[ExtensionNumbers, Field(max_length=20)] = ()
    ring_group: Annotated[str, StringConstraints(pattern=r"^([0-9]{2,8})?$")] = ""
    calls: BossCalls = BossCalls.BOTH
    whitelist: Annotated[tuple[NumberPattern, ...], Field(max_length=500)] = ()
    ring_timeout_s: Annotated[int, Field(ge=5, le=300)] = DEFAULT_SECRETARY_RING_S
    keep_secretary: bool = False
    switched_off: ExtensionNumbers = ()

    @model_validator(mode="after")
    def _has_secretaries(self) -> Self:
        if not (self.secretaries or self.ring_group):
            raise ValueError("nobody would answer: give secretaries, or a ring_group")
        if self.name in self.secretaries:
            raise ValueError(f"{self.name} cannot be its own secretary")
        if twice := next((one for one in self.secretaries if self.secretaries.count(one) > 1), None):
            raise ValueError(f"{twice} is there twice")
        return self

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`."""
        yield Reference(EXTENSION, self.name, "name")
        yield from (Reference(EXTENSION, number, "secretaries") for number in self.secretaries)
        if self.ring_group:
            yield Reference("ring-group", self.ring_group, "ring_group")

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        group = (f"ring group {self.ring_group}",) if self.ring_group else ()
        kinds = "all calls" if self.calls is BossCalls.BOTH else f"{self.calls} calls"
        off = f"; off: {', '.join(self.switched_off)}" if self.switched_off else ""
        return f"{kinds} to {', '.join((*self.secretaries, *group))} first{off}"
