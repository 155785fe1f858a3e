"""What a click on a function key does, by its state (KEY-3, BOSS-2, BOSS-4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from linkus_desktop.calls.popup import Facts, Opens, PopUp, When, Which
from linkus_desktop.calls.popup_runner import PopUpRunner
from linkus_desktop.pbx.tasks import spawn
from linkus_desktop.sip.values import PhoneError
from linkus_desktop.ui.keys.faces import name_of
from linkus_desktop.ui.keys.sources import Sources
from server.contract.agents import AgentStatus
from server.contract.extensions import CallState
from server.contract.features import Feature
from server.contract.keys import ALL_QUEUES, FunctionKey, KeyType
from server.contract.pairs import Pair, PairState
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import ForwardingCondition

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.pbx.session import Session

_FORWARD = {
    ForwardingCondition.ALWAYS: (Feature.FORWARD_ALWAYS, Feature.FORWARD_ALWAYS_OFF),
    ForwardingCondition.BUSY: (Feature.FORWARD_BUSY, Feature.FORWARD_BUSY_OFF),
    ForwardingCondition.NO_ANSWER: (Feature.FORWARD_NO_ANSWER, Feature.FORWARD_NO_ANSWER_OFF),
}
_CALLED = frozenset({KeyType.BLF, KeyType.SPEED_DIAL, KeyType.INTERCOM, KeyType.PICKUP})
"""Types with a number that can be called."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be done with a key, for its menu."""

    icon: str
    text: str
    do: Callable[[], object]


class KeyActions(QObject):
    """Does what keys are for, with the phone and the session.

    Signals:
        problem(str): what could not be done, and why.
        question(str, str, object): a text, the word of the button that agrees, and what is done then.
        done(): something was done; what was said before is over.
        prefix_wanted(str): to be put into the field that dials.
        record_wanted(): as the button of the call that is talked on.
    """

    problem = Signal(str)
    question = Signal(str, str, object)
    done = Signal()
    prefix_wanted = Signal(str)
    record_wanted = Signal()

    def __init__(
        self,
        session: "Session",
        phone: "Telephone",
        sources: Sources,
        parent: QObject | None = None,
        *,
        runner: PopUpRunner | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._phone = phone
        self._there = sources
        self._runner = runner or PopUpRunner(self)
        self._runner.done.connect(self._on_opened)
        self._press: dict[KeyType, Callable[[FunctionKey], object]] = {
            KeyType.BLF: self._press_blf,
            KeyType.SPEED_DIAL: self._press_number,
            KeyType.BOSS_SECRETARY: self._press_pair,
            KeyType.INTERCOM: self._press_intercom,
            KeyType.PARK: self._press_park,
            KeyType.PICKUP: self._press_pickup,
            KeyType.VOICEMAIL: self._press_voicemail,
            KeyType.DTMF: self._press_dtmf,
            KeyType.PREFIX: self._press_prefix,
            KeyType.PRESENCE: self._press_presence,
            KeyType.FORWARD: self._press_forward,
            KeyType.AGENT_LOGIN: self._press_log_in,
            KeyType.AGENT_PAUSE: self._press_pause,
            KeyType.RECORDING: self._press_recording,
            KeyType.URL: self._press_url,
        }

    def press(self, key: FunctionKey) -> None:
        """Do what the key is for in its present state."""
        self._press[key.type](key)

    def asks(self, key: FunctionKey) -> bool:
        """Whether a click is to show `choices`: in a call, a colleague may be called or get the call."""
        return key.type is KeyType.BLF and self._there.in_call() and not self._rings(key)

    def choices(self, key: FunctionKey) -> list[Choice]:
        """All that can be done with a key that has a number; for others nothing beside the click."""
        if key.type not in _CALLED:
            return []
        number = key.value
        name = self._there.person(number) or number
        offered = []
        if self._rings(key):
            offered.append(Choice("incoming", f"Pick up the call to {name}", lambda: self._press_pickup(key)))
        call = self._there.talking()
        if call is not None:
            offered += [
                Choice("transfer", f"Transfer the call to {name}", lambda: self._transfer(call, number)),
                Choice("conference", f"Ask {name} first", lambda: self._consult(call, number)),
            ]
        offered.append(Choice("phone", f"Call {name}", lambda: self._dial(number)))
        if key.type in {KeyType.BLF, KeyType.INTERCOM} and self._code(Feature.INTERCOM):
            offered.append(
                Choice("speaker", f"Speak to {name} (intercom)", lambda: self._press_intercom(key))
            )
        return offered

    # Each type

    def _press_blf(self, key: FunctionKey) -> None:
        if self._rings(key):
            self._press_pickup(key)
        else:
            self._dial(key.value)

    def _press_number(self, key: FunctionKey) -> None:
        self._dial(key.value)

    def _press_pair(self, key: FunctionKey) -> None:
        """Green or red: asks first, since the code switches the pair off. Flashing: takes the call."""
        pair = self._there.pair(key.value)
        if pair is not None and pair.state is PairState.HELD:
            self._take(key.value, pair)
        elif pair is not None and pair.state is PairState.OFF:
            self._dial(key.value)
        else:
            name = name_of(key, self._there)
            if pair is None or pair.state is PairState.UNKNOWN:
                text = f"What {name} does for you is not known now. Dial {key.value} all the same?"
                self.question.emit(text, f"Dial {key.value}", lambda: self._dial(key.value))
            else:
                text = f"Switch {name} off as your secretary? Calls then come to you directly."
                self.question.emit(text, "Switch off", lambda: self._switch_off(key))

    def _switch_off(self, key: FunctionKey) -> None:
        """Agreed; a call that is held since is not to be taken by accident, nor what is off switched on."""
        pair = self._there.pair(key.value)
        if pair is not None and pair.state in {PairState.IDLE, PairState.ANSWERING}:
            self._dial(key.value)
        else:
            self.problem.emit(f"{name_of(key, self._there)} is in another state now. Look at the key again.")

    def _take(self, value: str, pair: Pair) -> None:
        shown = pair.calls[0].number if pair.calls else pair.secretary
        self._try(lambda: self._phone.pick_up(value, shown or pair.secretary))

    def _press_intercom(self, key: FunctionKey) -> None:
        if (code := self._needed(Feature.INTERCOM)) is not None:
            self._dial(code + key.value)

    def _press_park(self, key: FunctionKey) -> None:
        """Takes the call that is parked, else parks the one that is talked on."""
        parked = self._there.parked.get(key.value) if self._there.parked.known else None
        if parked is not None:
            self._try(lambda: self._phone.pick_up(key.value, parked.number))
            return
        call = self._there.talking()
        if call is None:
            self.problem.emit(f"No call is parked on {key.value}, and there is none to park.")
        elif (code := self._needed(Feature.PARK_AT)) is not None:
            self._try(lambda: call.park(code, key.value))

    def _press_pickup(self, key: FunctionKey) -> None:
        if (code := self._needed(Feature.DIRECTED_PICKUP)) is not None:
            self._try(lambda: self._phone.pick_up(code + key.value, key.value))

    def _press_voicemail(self, key: FunctionKey) -> None:
        if (code := self._needed(Feature.VOICEMAIL)) is not None:
            self._dial(code + key.value)

    def _press_dtmf(self, key: FunctionKey) -> None:
        call = self._there.talking()
        if call is None:
            self.problem.emit("Keys can be sent in a call. There is none now.")
        else:
            self._try(lambda: call.send_dtmf(key.value))

    def _press_prefix(self, key: FunctionKey) -> None:
        self.done.emit()
        self.prefix_wanted.emit(key.value)

    def _press_presence(self, key: FunctionKey) -> None:
        own = self._there.own_presence()
        if own is None:
            self.problem.emit("Your presence is not known now. Try again when the server is back.")
            return
        status = PresenceStatus(key.value)
        wanted = PresenceStatus.AVAILABLE if own.status is status else status
        self.done.emit()
        spawn(self._session.set_presence(PresenceChange(status=wanted)), on_error=self._on_error)

    def _press_forward(self, key: FunctionKey) -> None:
        condition, to = key.forwarding
        if not self._there.forwarding.known:
            self.problem.emit("Where your calls go is not known now. Try again when the server is back.")
            return
        now_to = self._there.forwarded_to(condition)
        is_on = now_to is not None and to in {"", now_to}
        on, off = _FORWARD[condition]
        if (code := self._needed(off if is_on else on)) is not None:
            self._dial(code if is_on else code + to)

    def _press_log_in(self, key: FunctionKey) -> None:
        """Out where one is in; of all queues: out if one is in any that one can leave."""
        meant = self._agent_of(key)
        if not meant:
            return
        if not any(one.dynamic for one in meant):
            self.problem.emit("You are a static agent there: you are always logged in. You can pause.")
            return
        queue = "" if key.value == ALL_QUEUES else key.value
        is_in = any(one.dynamic and one.logged_in for one in meant)
        self.done.emit()
        (self._there.queues.log_out if is_in else self._there.queues.log_in)(queue)

    def _press_pause(self, key: FunctionKey) -> None:
        meant = self._agent_of(key)
        if not meant:
            return
        if not any(one.logged_in for one in meant):
            self.problem.emit("You are not logged in there. Log in first.")
            return
        queue = "" if key.value == ALL_QUEUES else key.value
        self.done.emit()
        if any(one.paused for one in meant):
            self._there.queues.resume(queue)
        else:
            self._there.queues.pause(queue=queue)

    def _agent_of(self, key: FunctionKey) -> list[AgentStatus]:
        """The queues meant; none, which is told, while they are not known, and for who is no agent."""
        if not self._there.queues.known:
            self.problem.emit("Your place in the queues is not known now. Try again when the server is back.")
            return []
        meant = self._there.queues_meant(key.value)
        if not meant:
            self.problem.emit("You are no agent there any more. Ask your administrator.")
        return meant

    def _press_recording(self, _key: FunctionKey) -> None:
        if self._there.in_call():
            self.done.emit()
            self.record_wanted.emit()
        else:
            self.problem.emit("Only a call can be recorded. There is none now.")

    def _press_url(self, key: FunctionKey) -> None:
        call = self._there.talking()
        name = (self._there.person(call.number) or call.name) if call is not None else ""
        facts = Facts(
            call.number if call is not None else "",
            name,
            incoming=call.incoming if call is not None else True,
        )
        self._runner.open(PopUp(When.ANSWERED, Which.ALL, Opens.ADDRESS, key.value), facts)

    # With the phone

    def _rings(self, key: FunctionKey) -> bool:
        state = self._there.extension(key.value)
        rings = state is not None and state.call is CallState.RINGING
        return rings and bool(self._code(Feature.DIRECTED_PICKUP))

    def _dial(self, number: str) -> None:
        self._try(lambda: self._phone.dial(number))

    def _transfer(self, call: "Call", number: str) -> None:
        self._try(lambda: call.transfer(number))

    def _consult(self, call: "Call", number: str) -> None:
        self._try(lambda: self._phone.consult(call, number))

    def _try(self, action: Callable[[], object]) -> None:
        try:
            action()
        except PhoneError as error:
            self.problem.emit(str(error))
        else:
            self.done.emit()

    def _code(self, feature: Feature) -> str:
        return self._session.me.feature_codes.get(feature.value, "")

    def _needed(self, feature: Feature) -> str | None:
        code = self._code(feature)
        if code:
            return code
        words = feature.value.replace("_", " ")
        self.problem.emit(f"Your administrator has switched the feature code for {words} off.")
        return None

    def _on_error(self, error: Exception) -> None:
        self.problem.emit(str(error))

    def _on_opened(self, _token: object, problem: str) -> None:
        if problem:
            self.problem.emit(problem)
        else:
            self.done.emit()
