"""SIP-3, SIP-4: orders of the command line, carried out by the real phone through a small PBX."""

from types import SimpleNamespace
from typing import cast

import pytest

from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.remote.desk import Desk
from linkus_desktop.remote.words import Action, Answer, ExitCode, Order
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState
from linkus_desktop.workplace import Workplace
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx


class Operator:
    """Gives orders as `linkus-desktop ORDER` does, to a client that has only its phone."""

    def __init__(self, phone: Phone | None, *, has_phone: bool = True) -> None:
        callers = SimpleNamespace(name=lambda call: call.name, is_emergency=lambda number: number == "2112")
        me = SimpleNamespace(user="2000", extension=SimpleNamespace(number="2000"))
        session = SimpleNamespace(
            me=me,
            address="pbx.example.com",
            state=ConnectionState.ONLINE,
            sip=object() if has_phone else None,
        )
        workplace = SimpleNamespace(
            window=SimpleNamespace(phone=phone, callers=callers),
            telephone=SimpleNamespace(is_desk=False),
            session=session,
        )
        self._desk = Desk(lambda: cast("Workplace", workplace) if phone else None)

    def orders(self, action: Action, argument: str = "", call: str = "") -> Answer:
        return Answer.from_message(self._desk.serve(Order(action, argument, call).to_message()))


@pytest.fixture
def operator(registered: Phone) -> Operator:
    return Operator(registered)


async def active(operator: Operator, phone: Phone, until: Until, number: str = "2001") -> Call:
    assert operator.orders(Action.CALL, number).code is ExitCode.DONE
    call = phone.calls[-1]
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    return call


async def test_an_emergency_call_is_made_and_what_matters_is_printed_SIP_12(
    operator: Operator, registered: Phone
) -> None:
    answer = operator.orders(Action.CALL, "2112")
    assert answer.code is ExitCode.DONE
    assert registered.calls[-1].number == "2112"
    assert "say where you are first" in answer.text
    assert "say where you are first" in answer.data["notice"]


async def test_a_script_makes_holds_mutes_and_ends_a_call_SIP_4(
    operator: Operator, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    call = await active(operator, registered, until)
    told = operator.orders(Action.STATUS).data["calls"][0]
    assert (told["number"], told["state"], told["direction"]) == ("2001", "active", "outgoing")
    assert told["answered_at"] is not None
    assert operator.orders(Action.HOLD).code is ExitCode.DONE
    await until(lambda: call.held, "held")
    assert operator.orders(Action.HOLD).code is ExitCode.NO_CALL, "it is held already"
    assert operator.orders(Action.RESUME).code is ExitCode.DONE
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    assert operator.orders(Action.MUTE).code is ExitCode.DONE
    assert call.muted
    assert operator.orders(Action.UNMUTE).code is ExitCode.DONE
    assert not call.muted
    assert operator.orders(Action.DTMF, "42#").code is ExitCode.DONE
    await until(lambda: pbx.rtp.digits == "42#", "the keys arrive")
    assert "42#" not in operator.orders(Action.DTMF, "42#").text, "it may be a PIN"
    assert operator.orders(Action.HANGUP).code is ExitCode.DONE
    await until(lambda: "BYE" in pbx.methods(), "BYE")
    assert operator.orders(Action.STATUS).data["calls"] == []


async def test_a_script_answers_what_rings_longest_SIP_3(
    operator: Operator, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    assert operator.orders(Action.ANSWER).code is ExitCode.NO_CALL
    pbx.call()
    await until(lambda: bool(registered.calls), "rings")
    first = registered.calls[0]
    answer = operator.orders(Action.ANSWER)
    assert answer.code is ExitCode.DONE
    assert answer.data["call"]["name"] == "Zoë Ångström"
    await until(lambda: first.state is CallState.ACTIVE, "answered")
    assert operator.orders(Action.ANSWER).code is ExitCode.NO_CALL, "it is answered"


async def test_hangup_declines_only_where_nothing_else_is_there_SIP_3(
    operator: Operator, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    talk = await active(operator, registered, until)
    pbx.call()
    await until(lambda: len(registered.calls) == 2, "a second call rings")
    ringing = registered.calls[1]
    operator.orders(Action.HANGUP)
    await until(lambda: talk.end is not None, "the talk is over")
    assert ringing.state is CallState.INCOMING
    operator.orders(Action.HANGUP)
    await until(lambda: any(a.status == 603 for a in pbx.answers), "declined")
    assert operator.orders(Action.HANGUP).code is ExitCode.NO_CALL


async def test_of_several_held_calls_a_script_must_say_which_SIP_3(
    operator: Operator, registered: Phone, until: Until
) -> None:
    first = await active(operator, registered, until, "2001")
    second = await active(operator, registered, until, "2002")
    second.hold()
    await until(lambda: first.held and second.held, "both are held")
    answer = operator.orders(Action.RESUME)
    assert answer.code is ExitCode.NO_CALL
    assert "--call" in answer.text
    assert operator.orders(Action.RESUME, call=first.id).code is ExitCode.DONE
    await until(lambda: first.state is CallState.ACTIVE, "the one that was named")
    assert second.held
    assert operator.orders(Action.HOLD, call=second.id).code is ExitCode.NO_CALL
    assert operator.orders(Action.HANGUP, call="nobody").code is ExitCode.NO_CALL


async def test_a_script_transfers_SIP_4(
    operator: Operator, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    assert operator.orders(Action.TRANSFER, "2003").code is ExitCode.NO_CALL
    pbx.refer_notices = ["200 OK"]
    call = await active(operator, registered, until)
    assert operator.orders(Action.TRANSFER, "2003").code is ExitCode.DONE
    await until(lambda: call.end is not None, "transferred")
    assert call.end is not None
    assert call.end.transferred
    assert "sip:2003@" in pbx.refers()[0].get("Refer-To")


async def test_what_the_phone_refuses_is_told_SIP_4(
    operator: Operator, registered: Phone, until: Until
) -> None:
    await active(operator, registered, until)
    answer = operator.orders(Action.DTMF, "hello")
    assert answer.code is ExitCode.REFUSED
    assert "cannot be sent as keys" in answer.text


async def test_without_a_login_or_a_phone_a_script_is_told_SIP_1(registered: Phone) -> None:
    assert Operator(None).orders(Action.CALL, "1").code is ExitCode.NOT_LOGGED_IN
    status = Operator(None).orders(Action.STATUS)
    assert status.code is ExitCode.DONE
    assert status.data["logged_in"] is False
    without = Operator(registered, has_phone=False)
    assert without.orders(Action.ANSWER).code is ExitCode.NOT_LOGGED_IN


@pytest.mark.parametrize(
    "message",
    [
        {"order": "fly"}, {"order": None}, {}, {"order": "call", "argument": 5},
        {"order": "hold", "call": []},
    ],
)  # fmt: skip
def test_what_is_no_order_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"order|valid"):
        Desk(lambda: None).serve(message)
