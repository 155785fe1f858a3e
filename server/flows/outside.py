"""Numbers outside, and over which trunks they are dialled (ADMIN-2, SIP-12)."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from server.contract.decisions import Decision, DecisionKind
from server.contract.trunks import Trunk
from server.flows.stops import Following, OutsideNumber, Ring, Stop
from server.rules.outcomes import Ending
from server.rules.routing import Snapshot
from server.switch.port import Party, Switch

OUTSIDE_S = 120.0
"""Seconds that a number outside may ring: its own network gives up, or answers with a mailbox, before."""

TRUNK_FAILED = frozenset({Ending.FAILED})
"""After this the next trunk is tried; all other endings are the answer of who was called."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Where decisions lead outside.

    Attributes:
        snapshot: gives the configuration as of now.
        silent: names of trunks over which calls have met with silence (see `TrunkSilences`).
    """

    switch: Switch
    snapshot: Callable[[], Snapshot]
    silent: Callable[[], Collection[str]]

    def stop(self, decision: Decision, own: Party) -> Following:
        """The number at one trunk after the other; `own`: who calls, where no other number is to be shown."""
        numbers = self.numbers(decision, own)
        if not numbers:
            return Ending.FAILED
        rings = tuple(Ring((number,), OUTSIDE_S, number.trunk) for number in numbers)
        return Stop(callees=(), rings=rings, goes_on=TRUNK_FAILED)

    def numbers(self, decision: Decision, own: Party) -> tuple[OutsideNumber, ...]:
        """The number at each trunk that has room; in an emergency nobody asks for room (SIP-12).

        Trunks of which it is known that they do not work stand last: a carrier that is gone keeps a caller
        waiting for 13 s.
        """
        if decision.kind not in (DecisionKind.OUTBOUND, DecisionKind.EMERGENCY):
            return ()
        used = Counter(leg.trunk for leg in self.switch.legs())
        trunks = self.snapshot().all(Trunk)
        states = self.switch.trunks()
        lost = {name for name, state in states.items() if not state.usable} | {*self.silent()}
        return tuple(
            OutsideNumber(
                choice.trunk,
                decision.number,
                Party(choice.caller_number, choice.caller_name) if choice.caller_number else own,
                urgent=decision.kind is DecisionKind.EMERGENCY,
            )
            for choice in sorted(decision.trunks, key=lambda choice: choice.trunk in lost)
            if choice.trunk in trunks  # a place is older than the configuration
            if decision.kind is DecisionKind.EMERGENCY
            or not trunks[choice.trunk].max_concurrent
            or used[choice.trunk] < trunks[choice.trunk].max_concurrent
        )
