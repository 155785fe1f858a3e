"""Phones of the simulation, and the dialogs they have with the engine."""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from server.switch.port import Contact, Ended, LegState, Party, Reason, TransferProgress
from server.switch.simulated.recording import Take
from server.switch.simulated.sound import Heard, Playback
from server.switch.sound import Sound

if TYPE_CHECKING:
    from server.switch.simulated.engine import SimulatedEngine

SIP_CODES = {
    Reason.NORMAL: 603,
    Reason.BUSY: 486,
    Reason.DECLINED: 603,
    Reason.NO_ANSWER: 480,
    Reason.UNREGISTERED: 480,
    Reason.UNKNOWN_NUMBER: 404,
    Reason.FORBIDDEN: 403,
    Reason.UNAVAILABLE: 503,
    Reason.ANSWERED_ELSEWHERE: 603,
    Reason.CANCELLED: 603,
}
"""What a caller is told when its unanswered leg is ended for a reason."""


DIGIT_S = 0.2
"""Seconds from one digit to the next when a phone sends several."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a phone does with a call. Seconds count from the INVITE, for hang-up and hold from the answer."""

    rings_after_s: float | None = 0.02
    answers_after_s: float | None = None
    refuses_after_s: float | None = None
    refuses_with: int = 486
    hangs_up_after_s: float | None = None
    holds_after_s: float | None = None
    resumes_after_s: float | None = None
    answers_when_told: bool = True

    @classmethod
    def answers(cls, after_s: float = 1.0, *, hangs_up_after_s: float | None = None) -> Self:
        """Rings, answers, and stays (or hangs up some time after the answer)."""
        return cls(answers_after_s=after_s, hangs_up_after_s=hangs_up_after_s)

    @classmethod
    def refuses(cls, code: int, after_s: float = 0.03) -> Self:
        """Answers with a final SIP status: 486 at once without ringing, others after ringing."""
        return cls(rings_after_s=None if code == 486 else 0.02, refuses_after_s=after_s, refuses_with=code)

    @classmethod
    def rings(cls) -> Self:
        """Rings until somebody gives up."""
        return cls()

    @classmethod
    def is_dead(cls) -> Self:
        """Does not respond to anything."""
        return cls(rings_after_s=None)


@dataclass(eq=False)
class Dialog:
    """One SIP dialog as the engine has it.

    Attributes:
        trunk: the trunk it goes over; "" for a phone's.
        held_by_us: whether our side has noted that it holds the call for the extension.
        memo: what our side has noted on it.
        source: inbound, where it came from.
        psap_callback: whether the carrier says that an emergency centre calls back.
        headers: those of the INVITE that we chose, of a dialog with a phone.
        ended: how it ended.
        told: the SIP status a refused caller got.
        why: the reason that our side gave when it ended the dialog.
        tone: whether the phone, whose call is answered, hears the ringing tone.
        transfer_told: what the phone was told of the transfers it asked for.
        talkative: whether the phone's user speaks when the call is answered and not on hold.
        heard: sounds that were played to the phone, in order, the one that sounds now included.
        music: the music that it hears when nothing is played to it; "" for none.
        own_music: the music that was chosen for it, "" for none (see `Leg.choose_music`).
        playback: what is being played to it now.
        take: what was recorded of it alone, last.
        digits_heard: digits that our side has sent to the phone.
    """

    id: str
    phone: "Phone | None"
    number: str
    inbound: bool
    dialled: str
    caller: Party
    contact: str
    source: str = ""
    trunk: str = ""
    psap_callback: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    state: LegState = LegState.NEW
    held: bool = False
    held_by_us: bool = False
    memo: str = ""
    ended: Ended | None = None
    told: int | None = None
    why: Reason | None = None
    tone: bool = False
    transfer_told: list[TransferProgress] = field(default_factory=list)
    timers: list[asyncio.TimerHandle] = field(default_factory=list)
    talkative: bool = True
    heard: list[Heard] = field(default_factory=list)
    playback: Playback | None = None
    music: str = ""
    own_music: str = ""
    take: Take | None = None
    digits_heard: str = ""

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of the dialog."""
        return f"call-of-{self.id}"

    @property
    def speaks(self) -> bool:
        """Whether a voice comes from the phone now."""
        return self.talkative and self.state is LegState.UP and not self.held

    @property
    def sounds(self) -> list[Sound]:
        """What was heard, without the times."""
        return [heard.sound for heard in self.heard]

    def hush(self) -> None:
        """Stop what is being played."""
        if self.playback is not None:
            self.playback.stop()

    def quiet(self) -> None:
        """Stop what is being played, or recorded of this phone alone."""
        self.hush()
        if self.take is not None:
            self.take.stop()


class Phone:
    """A registered phone: takes calls by its behaviour, makes calls when told.

    Attributes:
        calls: dialogs it was invited to, oldest first, ended ones included.
        trunk: "", as it is no carrier.
    """

    trunk = ""

    def __init__(self, engine: "SimulatedEngine", contact: Contact, behaviour: Behaviour) -> None:
        self.contact = contact
        self.behaviour = behaviour
        self.calls: list[Dialog] = []
        self._engine = engine

    @property
    def number(self) -> str:
        """The extension it is registered for."""
        return self.contact.number

    def call(self, dialled: str, *, name: str = "") -> Dialog:
        """Send an INVITE. The caller's number is this phone's extension, as an engine authenticates it."""
        return self._engine.invite_from(self, dialled, Party(self.number, name))

    def invited(self, dialog: Dialog) -> None:
        """An INVITE arrived: act on it in time."""
        self.calls.append(dialog)
        behaviour = self.behaviour_in(dialog)
        self._later(dialog, behaviour.rings_after_s, self.ring)
        self._later(dialog, behaviour.answers_after_s, self.answer)
        self._later(dialog, behaviour.refuses_after_s, lambda d: self.refuse(d, behaviour.refuses_with))

    def behaviour_in(self, dialog: Dialog) -> Behaviour:  # noqa: ARG002 - a phone is the same in all its calls
        """What it does with this call."""
        return self.behaviour

    def ring(self, dialog: Dialog) -> None:
        """180."""
        if dialog.state is LegState.NEW:
            self._engine.change(dialog, state=LegState.RINGING)

    def answer(self, dialog: Dialog) -> None:
        """200 to an INVITE."""
        if dialog.state in (LegState.NEW, LegState.RINGING) and not dialog.inbound:
            self._engine.change(dialog, state=LegState.UP)
            behaviour = self.behaviour_in(dialog)
            self._later(dialog, behaviour.hangs_up_after_s, self.hang_up)
            self._later(dialog, behaviour.holds_after_s, self.hold)
            self._later(dialog, behaviour.resumes_after_s, self.resume)

    def told_to_answer(self, dialog: Dialog) -> None:
        """NOTIFY with `Event: talk`."""
        if self.behaviour_in(dialog).answers_when_told and dialog.state is LegState.RINGING:
            self.answer(dialog)

    def refuse(self, dialog: Dialog, code: int) -> None:
        """A final status above 299 to an INVITE."""
        if dialog.state in (LegState.NEW, LegState.RINGING) and not dialog.inbound:
            self._engine.end(dialog, Ended(sip_code=code))

    def hang_up(self, dialog: Dialog) -> None:
        """BYE, or CANCEL of an own call that is not answered."""
        if dialog.state is LegState.UP or dialog.inbound:
            self._engine.end(dialog, Ended())

    def hold(self, dialog: Dialog) -> None:
        """Re-INVITE with sendonly."""
        if dialog.state is LegState.UP and not dialog.held:
            self._engine.change(dialog, held=True)

    def resume(self, dialog: Dialog) -> None:
        """Re-INVITE with sendrecv."""
        if dialog.state is LegState.UP and dialog.held:
            self._engine.change(dialog, held=False)

    def press(self, dialog: Dialog, digits: str) -> None:
        """Send digits, the first one now and the others 200 ms apart."""
        for position, digit in enumerate(digits):
            self._later(dialog, position * DIGIT_S, functools.partial(self._send_digit, digit))

    def _send_digit(self, digit: str, dialog: Dialog) -> None:
        self._engine.on_digit(dialog, digit)

    def fall_silent(self, dialog: Dialog) -> None:
        """Say nothing more; who does not do that speaks all the time."""
        self._talk(dialog, talkative=False)

    def speak(self, dialog: Dialog) -> None:
        """Speak again."""
        self._talk(dialog, talkative=True)

    def _talk(self, dialog: Dialog, *, talkative: bool) -> None:
        dialog.talkative = talkative
        self._engine.recorder.listen()

    def transfer(self, dialog: Dialog, target: str = "", *, consultation: Dialog | None = None) -> None:
        """REFER to a number, or to the far end of another call of this phone (Replaces)."""
        if dialog.state is LegState.UP:
            self._engine.on_refer(dialog, target, consultation)

    def unregister(self) -> None:
        """REGISTER with Expires 0; dialogs stay."""
        self._engine.unregister(self)

    def vanish(self) -> None:
        """Power cut: the engine finds out for its dialogs (RTP time-out) and its registration at once."""
        for dialog in [d for d in self._engine.dialogs.values() if d.phone is self]:
            self._engine.end(dialog, Ended(q850=44))
        self._engine.unregister(self)

    def _later(self, dialog: Dialog, after_s: float | None, action: Callable[[Dialog], None]) -> None:
        if after_s is not None:
            dialog.timers.append(asyncio.get_running_loop().call_later(after_s, action, dialog))
