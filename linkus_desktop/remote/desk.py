"""Does what the command line orders, with the phone of who is logged in."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from linkus_desktop.remote.words import Action, Answer, ExitCode, Order
from linkus_desktop.sip.values import Ability, CallState, PhoneError

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call, Telephone
    from linkus_desktop.workplace import Workplace

_CURRENT = frozenset({CallState.ACTIVE, CallState.RINGING_OUT, CallState.DIALLING})


class NoCall(Exception):
    """There is no call to do it with; the text says what is missing."""


class Desk:
    """Takes orders for one client.

    Args:
        workplace: what exists while somebody is logged in, else None.
    """

    def __init__(self, workplace: "Callable[[], Workplace | None]") -> None:
        self._workplace = workplace
        self._do: dict[Action, Callable[[Workplace, Order], Answer]] = {
            Action.CALL: self._call,
            Action.ANSWER: self._answer,
            Action.HANGUP: self._hangup,
            Action.HOLD: self._hold,
            Action.RESUME: self._resume,
            Action.MUTE: self._mute,
            Action.UNMUTE: self._mute,
            Action.DTMF: self._dtmf,
            Action.TRANSFER: self._transfer,
        }

    def serve(self, message: dict[str, Any]) -> dict[str, Any]:
        """Carry out an order as it came over the channel; raises `ValueError` for what is none."""
        return self.take(Order.from_message(message)).to_message()

    def take(self, order: Order) -> Answer:
        """Carry out an order. It returns at once: what a call comes to is in a later `status`."""
        workplace = self._workplace()
        if order.action is Action.STATUS:
            return _status(workplace)
        if workplace is None:
            return Answer(ExitCode.NOT_LOGGED_IN, "Nobody is logged in. Log in first.")
        if workplace.session.sip is None:
            return Answer(ExitCode.NOT_LOGGED_IN, "This account has no phone.")
        try:
            return self._do[order.action](workplace, order)
        except NoCall as error:
            return Answer(ExitCode.NO_CALL, str(error))
        except PhoneError as error:
            return Answer(ExitCode.REFUSED, str(error))

    def _call(self, workplace: "Workplace", order: Order) -> Answer:
        call = workplace.window.phone.dial(order.argument)
        if call.end is not None:
            return Answer(ExitCode.REFUSED, call.end.text or "The call could not be made.")
        from linkus_desktop.ui.emergency_notice import notice_words  # noqa: PLC0415  not before the first window

        answer = _done(workplace, call, f"Calling {call.number}.")
        notice = notice_words(call, workplace.window.callers)
        if notice:
            answer = Answer(answer.code, f"{answer.text}\n{notice}", {**answer.data, "notice": notice})
        return answer

    def _answer(self, workplace: "Workplace", order: Order) -> Answer:
        ringing = [
            c for c in workplace.window.phone.calls if c.state is CallState.INCOMING and not c.answering
        ]
        first = min(ringing, key=lambda c: c.ignored, default=None)
        call = _named(ringing, order) if order.call else first
        if call is None:
            raise NoCall("No call rings here: there is nothing to answer.")
        if why := call.why_not(Ability.ANSWER):
            raise PhoneError(why)
        call.answer()
        return _done(workplace, call, f"Answering {_who(workplace, call)}.")

    def _hangup(self, workplace: "Workplace", order: Order) -> Answer:
        phone = workplace.window.phone
        if order.call:
            call: Call | None = _named(phone.calls, order)
        else:
            call = _one(phone, _is_current) or _one(phone, _is_held) or _one(phone, _rings)
        if call is None:
            raise NoCall("There is no call to end.")
        who = _who(workplace, call)
        if call in phone.conference.calls and not order.call:
            phone.conference.hangup()
            return Answer(ExitCode.DONE, "Ending the conference.")
        call.hangup()
        return _done(workplace, call, f"Ending the call with {who}.")

    def _hold(self, workplace: "Workplace", order: Order) -> Answer:
        phone = workplace.window.phone
        call = _chosen(phone, order, _is_active, "There is no call that could be put on hold.")
        if call in phone.conference.calls:
            phone.conference.hold()
        else:
            call.hold()
        return _done(workplace, call, f"Putting {_who(workplace, call)} on hold.")

    def _resume(self, workplace: "Workplace", order: Order) -> Answer:
        phone = workplace.window.phone
        call = _chosen(phone, order, _is_held, "No call is on hold.")
        phone.switch_to(call)
        return _done(workplace, call, f"Talking with {_who(workplace, call)} again.")

    def _mute(self, workplace: "Workplace", order: Order) -> Answer:
        phone = workplace.window.phone
        muted = order.action is Action.MUTE
        call = _chosen(phone, order, _talks, f"There is no call to {order.action.value}.")
        if call in phone.conference.calls:
            phone.conference.set_muted(muted)
        else:
            call.set_muted(muted)
        heard = "does not hear" if muted else "hears"
        return _done(workplace, call, f"{_who(workplace, call)} {heard} you now.")

    def _dtmf(self, workplace: "Workplace", order: Order) -> Answer:
        phone = workplace.window.phone
        call = _chosen(phone, order, _is_active, "There is no call to send keys to.")
        call.send_dtmf(order.argument)
        return _done(workplace, call, f"Sent to {_who(workplace, call)}.")  # not the keys: it may be a PIN

    def _transfer(self, workplace: "Workplace", order: Order) -> Answer:
        phone = workplace.window.phone
        call = _chosen(phone, order, _talks, "There is no call that could be transferred.")
        call.transfer(order.argument)
        return _done(workplace, call, f"Transferring {_who(workplace, call)} to {order.argument}.")


def _is_current(call: "Call") -> bool:
    return call.state in _CURRENT


def _is_active(call: "Call") -> bool:
    return call.state is CallState.ACTIVE


def _is_held(call: "Call") -> bool:
    return call.state is CallState.HELD


def _talks(call: "Call") -> bool:
    return call.talking


def _rings(call: "Call") -> bool:
    return call.state is CallState.INCOMING


def _chosen(phone: "Telephone", order: Order, fits: "Callable[[Call], bool]", none: str) -> "Call":
    """The call that an order means; raises `NoCall`."""
    if order.call:
        call = _named(phone.calls, order)
        if not fits(call):
            from linkus_desktop.ui.call_words import state_words  # noqa: PLC0415  not before the first window

            raise NoCall(f"That cannot be done with call {order.call} now: {state_words(call).lower()}.")
        return call
    found = _one(phone, fits)
    if found is None:
        raise NoCall(none)
    return found


def _named(calls: "Sequence[Call]", order: Order) -> "Call":
    for call in calls:
        if call.id == order.call:
            return call
    raise NoCall(f"There is no such call: {order.call[:64]}.")


def _one(phone: "Telephone", fits: "Callable[[Call], bool]") -> "Call | None":
    """The one that fits, the active one first; a conference counts as one. Raises `NoCall` for several."""
    fitting = [call for call in phone.calls if fits(call)]
    active = phone.active
    if active is not None and active in fitting:
        return active
    together = [call for call in fitting if call in phone.conference.calls]
    apart = [call for call in fitting if call not in together] + together[:1]
    if len(apart) > 1:
        raise NoCall(f"{len(apart)} calls come into question. Say which one with --call; status lists them.")
    return apart[0] if apart else None


def _who(workplace: "Workplace", call: "Call") -> str:
    return workplace.window.callers.name(call) or call.number or "the caller"


def _done(workplace: "Workplace", call: "Call", text: str) -> Answer:
    return Answer(ExitCode.DONE, text, {"call": _described(workplace, call)})


def _described(workplace: "Workplace", call: "Call") -> dict[str, Any]:
    return {
        "id": call.id,
        "direction": "incoming" if call.incoming else "outgoing",
        "number": call.number,
        "name": workplace.window.callers.name(call),
        "state": call.state.name.lower() if call.known else "unknown",
        "muted": call.muted,
        "held_by_other": call.remote_held,
        "in_conference": call in workplace.window.phone.conference.calls,
        "started_at": _written(call.started_at),
        "answered_at": _written(call.answered_at),
    }


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _status(workplace: "Workplace | None") -> Answer:
    if workplace is None:
        data = {"logged_in": False, "calls": []}
        return Answer(ExitCode.DONE, "The client runs; nobody is logged in.", data)
    session, phone = workplace.session, workplace.window.phone
    own = session.me.extension
    calls = [_described(workplace, call) for call in phone.calls]
    data = {
        "logged_in": True,
        "user": session.me.user,
        "extension": own.number if own else None,
        "server": str(session.address),
        "connection": session.state.name.lower(),
        "registration": phone.registration.name.lower(),
        "registration_text": phone.registration_text,
        "desk_phone": workplace.telephone.is_desk,
        "calls": calls,
    }
    which = "desk phone" if data["desk_phone"] else "phone"
    head = f"{session.me.user} at {session.address}: {data['connection']}, {which} {data['registration']}."
    lines = [head, *([phone.registration_text] if phone.registration_text else [])]
    for call, shown in zip(phone.calls, calls, strict=True):
        words = f"{shown['state']}{', muted' if call.muted else ''}"
        lines.append(f"{call.id}  {words:<16}  {call.number or 'anonymous'}  {shown['name']}".rstrip())
    if not calls:
        lines.append("No calls.")
    return Answer(ExitCode.DONE, "\n".join(lines), data)
