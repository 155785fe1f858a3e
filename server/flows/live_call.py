"""One call while it lasts: the facts of it, written to the log at each step."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from server.clock import Clock
from server.contract.system import ActiveCall
from server.rules.outcomes import Ending
from server.services.call_log import CallLog
from server.services.call_log_store import Call, Visit
from server.switch.port import Leg, Party

Lost = Callable[[], None]
"""Notes that somebody wanted a call and did not get it."""


class LiveCall:
    """Keeps the log of one call true: begun, answered, ended. Ends once; later endings change nothing.

    Attributes:
        is_call_back: an emergency centre calls back.
    """

    def __init__(
        self,
        call: Call,
        *,
        call_log: CallLog,
        clock: Clock,
        on_change: "Callable[[LiveCall], None]" = lambda _live: None,
    ) -> None:
        """`on_change` is called after each change of the facts."""
        self._call = call
        self._log = call_log
        self._clock = clock
        self._written = False
        self._on_change = on_change
        self._lost: Lost | None = None
        self._third = ""
        self.is_call_back = False
        self._before: Call | None = None
        """As it was before somebody picked it up who has not been connected yet."""

    @property
    def is_written(self) -> bool:
        """Whether the log knows of it."""
        return self._written

    @property
    def call(self) -> Call:
        """The facts as of now."""
        return self._call

    @property
    def is_over(self) -> bool:
        """Whether it has ended, as far as the log is concerned."""
        return self._call.ending is not None

    @property
    def is_answered(self) -> bool:
        """Whether caller and callee have been put together."""
        return self._call.answered_at is not None

    @property
    def third(self) -> str:
        """The leg of one who is kept in the call of the two; "": nobody is, or an earlier server knew."""
        return self._third

    def begun(self) -> None:
        """Write it for the first time."""
        self._change(self._call)

    def rings(self, legs: tuple[str, ...], *, over: Collection[str] = ()) -> None:
        """These are its legs too: of phones found after it had begun, or of one that picks it up.

        `over`: legs of before that ring no more. A call that waits in a queue would have ever more.
        """
        kept = (leg for leg in self._call.legs if leg not in over)
        self._change(replace(self._call, legs=(*kept, *legs)))

    def keeps(self, leg_id: str) -> None:
        """The one with this leg stays in the call as a third one, whenever her phone does not hold it."""
        self._third = leg_id
        self.rings((leg_id,))

    def moves_on(
        self, ending: Ending, left: Sequence[Party], to: Sequence[Party], *, once: bool = False
    ) -> None:
        """None of the extensions it came to (`left`) has answered; it goes on, or nowhere.

        A call at several extensions has no callee until one of them answers. `once`: to whom it came before
        it has come only now, and their logs have it once.
        """
        now = self._now()
        again = {party.number for party in left} if once else set()
        before = (visit for visit in self._call.visits if visit.callee not in again)
        visits = (Visit(party.number, party.name, ending, now) for party in left)
        call = self._call
        callee = to[0] if len(to) == 1 else Party("")
        if not to and call.callee == call.dialled:
            callee = Party("", call.callee_name)  # the number of which its caller's log still tells
        self._change(
            replace(
                call,
                visits=(*before, *visits),
                callee=callee.number or None,
                callee_name=callee.name,
            )
        )

    def is_for(self, boss: Party | None, *, call_back: bool = False) -> None:
        """Its callees are called for this boss from now on; None: for nobody. `call_back`: see the class."""
        number = boss.number if boss is not None else ""
        was, self.is_call_back = self.is_call_back, call_back
        if number != self._call.boss:
            self._change(replace(self._call, boss=number))
        elif was is not call_back:
            self._on_change(self)

    def parked(self, slot: str) -> None:
        """It waits on a parking slot, by whose number a later server process knows that."""
        self._change(replace(self._call, dialled=slot))

    def wanted(self, lost: Lost) -> None:
        """A colleague wants the call; `lost` is called if its caller gives up before they are connected."""
        self._lost = lost

    def picked_up(self, by: Party) -> None:
        """A colleague takes the call, which the extension that it rang at is told."""
        self._before = self._call
        if self._call.callee != by.number:
            left = [Party(self._call.callee, self._call.callee_name)] if self._call.callee else []
            self.moves_on(Ending.PICKED_UP, left, [by])

    def answered(
        self, leg_id: str | None, at: datetime | None = None, *, callee: Party | None = None
    ) -> None:
        """The phone with this leg and the caller talk (since `at`; None: from now on).

        No `leg_id`: they did, but which phone it was is not known any more. `callee`: the extension of that
        phone, if it was one of several that were called.
        """
        self._lost = None
        call = replace(self._call, answered_leg=leg_id, answered_at=at or self._now())
        if callee is not None and call.callee is None:
            call = replace(call, callee=callee.number, callee_name=callee.name)
        self._change(call)

    def answered_by_machine(self, callees: Sequence[Party], *, missed: bool) -> None:
        """A machine answers for these extensions; `missed`: none of them speaks, which their logs tell."""
        if missed:
            told = {visit.callee for visit in self._call.visits}
            left = [party for party in callees if party.number not in told]
            if left:
                self.moves_on(Ending.NO_ANSWER, left, ())
        self.answered(None, callee=callees[0] if len(callees) == 1 and not missed else None)

    def goes_on(self, to: Sequence[Party]) -> None:
        """The machine that has answered it sends it on: from now on it counts who answers there."""
        callee = to[0] if len(to) == 1 else Party("")
        self._change(
            replace(self._call, answered_at=None, callee=callee.number or None, callee_name=callee.name)
        )

    def resumes_at(self, to: Sequence[Party]) -> None:
        """A later server goes on with it at these extensions; one that the log has it at has missed it."""
        call = self._call
        if call.callee is not None and call.callee not in {party.number for party in to}:
            self.moves_on(Ending.NO_ANSWER, [Party(call.callee, call.callee_name)], to)
        self.goes_on(to)

    def ended(self, ending: Ending) -> None:
        """The call is over. An answered call has ended as answered, whatever came afterwards."""
        if self._call.ending is None:
            ending = Ending.ANSWERED if self.is_answered else ending
            call, lost = self._call, self._lost
            if lost is not None and ending is Ending.CALLER_GAVE_UP:
                if self._before is not None:  # nobody has taken it: it was missed where it rang
                    before = self._before
                    call = replace(
                        call, callee=before.callee, callee_name=before.callee_name, visits=before.visits
                    )
                lost()
            self._change(replace(call, ending=ending, ended_at=self._now()))

    def active(self, legs: Mapping[str, Leg]) -> ActiveCall:
        """The call as the administrator's status shows it; `legs`: those of the switch, by id."""
        call = self._call
        sides = [legs.get(leg_id or "") for leg_id in (call.caller_leg, call.answered_leg)]
        return ActiveCall(
            id=call.id,
            caller=call.caller.number,
            dialled=call.dialled,
            state="talking" if self.is_answered else "ringing",
            since=call.answered_at or call.started_at,
            held_by=[leg.number for leg in sides if leg is not None and leg.number and leg.holds],
        )

    def _now(self) -> datetime:
        """Never before the last step: a clock that was set back makes no negative durations."""
        return max(self._clock.now(), self._call.answered_at or self._call.started_at)

    def _change(self, call: Call) -> None:
        self._call = call
        self._written = True
        self._log.write(call)
        self._on_change(self)
