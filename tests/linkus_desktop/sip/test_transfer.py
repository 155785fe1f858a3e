"""Blind and attended transfer, done well and badly by the PBX (SIP-4; RFC 3515, 3891, 5589)."""

import re
from urllib.parse import unquote

import pytest

from linkus_desktop.sip import transfer
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallEnd, CallState, PhoneError, TransferState
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.phones.sipscript import Message

TRANSFERRED = CallEnd(200, "Transferred", by_us=True, transferred=True)


@pytest.fixture
async def call(registered: Phone, pbx: SmallPbx, until: Until) -> Call:
    """An answered call with 2001."""
    made = registered.dial("2001")
    await until(lambda: made.state is CallState.ACTIVE, "answered")
    return made


@pytest.fixture
async def consultation(call: Call, registered: Phone, pbx: SmallPbx, until: Until) -> Call:
    """2001 is on hold, and 2002 has been asked and answered."""
    made = registered.consult(call, "2002")
    await until(lambda: made.state is CallState.ACTIVE and call.held, "consulting")
    return made


def states(call: Call) -> list[TransferState]:
    """Every state of the transfer from now on."""
    seen: list[TransferState] = []

    def look() -> None:
        if not seen or seen[-1] is not call.transfer_progress.state:
            seen.append(call.transfer_progress.state)

    call.changed.connect(look)
    return seen


def in_dialog_of(request: Message, invite: Message) -> bool:
    return request.get("Call-ID") == invite.get("Call-ID")


async def test_blind_transfer(call: Call, registered: Phone, pbx: SmallPbx, until: Until) -> None:
    """The other end is held, the PBX asked, progress shown; our leg ends as transferred, not as an error."""
    seen = states(call)
    call.transfer("20 03")
    assert call.transfer_progress.state is TransferState.ASKED
    await until(pbx.refers, "REFER")
    assert call.held, "held before the PBX is asked"
    assert pbx.refers()[0].get("Refer-To") == f"<sip:2003@127.0.0.1:{pbx.port}>"
    pbx.notify("SIP/2.0 100 Trying\r\n")
    pbx.notify("SIP/2.0 180 Ringing\r\n")
    await until(lambda: call.transfer_progress.state is TransferState.RINGING, "rings there")
    assert call.transfer_progress.to == "2003"
    pbx.notify("SIP/2.0 200 OK\r\n")
    await until(lambda: call.end is not None, "ended")
    assert call.end == TRANSFERRED
    assert seen == [TransferState.ASKED, TransferState.RINGING, TransferState.DONE]
    assert registered.calls == []
    await until(lambda: "BYE" in pbx.methods(), "BYE")


async def test_a_call_that_is_held_already_is_not_held_again(call: Call, pbx: SmallPbx, until: Until) -> None:
    call.hold()
    await until(lambda: call.held, "held")
    pbx.refer_notices = ["200 OK"]
    call.transfer("2003")
    await until(lambda: call.end == TRANSFERRED, "transferred")
    assert len(pbx.offers()) == 1


async def test_the_target_does_not_take_it(call: Call, pbx: SmallPbx, until: Until) -> None:
    """The call goes on, is resumed because it was held for this, and the reason is in words."""
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    pbx.notify("SIP/2.0 180 Ringing\r\n")
    pbx.notify("SIP/2.0 486 Busy Here\r\n")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert call.transfer_progress.text == "Busy"
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    assert call.end is None
    pbx.refer_notices = ["100 Trying", "200 OK"]
    call.transfer("2004")
    await until(lambda: call.end == TRANSFERRED, "the next try succeeds")


async def test_a_call_that_was_held_before_stays_held_after_a_failure(
    call: Call, pbx: SmallPbx, until: Until
) -> None:
    call.hold()
    await until(lambda: call.held, "held")
    pbx.refer_notices = ["404 Not Found"]
    call.transfer("2003")
    await until(lambda: call.transfer_progress.text == "Number does not exist", "told")
    assert call.held
    assert len(pbx.offers()) == 1


async def test_after_a_failure_a_call_taken_meanwhile_is_not_interrupted(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    other = registered.dial("2004")
    await until(lambda: other.state is CallState.ACTIVE, "another call")
    pbx.notify("SIP/2.0 480 Gone\r\n", "2001")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert (call.held, other.state) == (True, CallState.ACTIVE)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (603, "The PBX does not allow this transfer"),
        (501, "The PBX cannot transfer calls"),
        (500, "The PBX had an internal error"),
    ],
)
async def test_the_pbx_refuses_to_try(
    call: Call, pbx: SmallPbx, until: Until, status: int, text: str
) -> None:
    """RFC 3515, 2.4.2: a refused REFER changes nothing about the call."""
    pbx.refer_status = status
    call.transfer("2003")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert call.transfer_progress.text == text
    await until(lambda: call.state is CallState.ACTIVE, "resumed")


async def test_the_pbx_asks_for_the_secret(call: Call, pbx: SmallPbx, until: Until) -> None:
    """RFC 3261, 22.2: 401 is no refusal."""
    pbx.refer_status, pbx.refer_notices = 401, ["200 OK"]
    call.transfer("2003")
    await until(lambda: call.end == TRANSFERRED, "transferred")
    assert len(pbx.refers()) == 2


async def test_no_notice_ever_comes(
    call: Call, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for ever: the person is given back, with a clear text."""
    monkeypatch.setattr(transfer, "FIRST_NOTICE_WAIT_MS", 150)
    call.transfer("2003")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "given up")
    assert call.transfer_progress.text == "The PBX did not say whether it worked"
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    pbx.notify("SIP/2.0 200 OK\r\n")
    await until(lambda: call.end == TRANSFERRED, "late, but true")


async def test_no_answer_at_all(
    call: Call, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "ANSWER_WAIT_MS", 150)
    pbx.refer_status = 0
    call.transfer("2003")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "given up")
    assert call.transfer_progress.text == "The PBX does not answer"
    await until(lambda: call.state is CallState.ACTIVE, "resumed")


async def test_the_notices_end_without_a_result(call: Call, pbx: SmallPbx, until: Until) -> None:
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    pbx.notify("SIP/2.0 100 Trying\r\n", state="terminated;reason=timeout")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert call.transfer_progress.text == "The PBX did not say whether it worked"


async def test_the_pbx_hangs_up_before_any_notice(call: Call, pbx: SmallPbx, until: Until) -> None:
    """RFC 5589, 6.1: after it accepted, a PBX may take our leg away itself; that is the transfer."""
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    pbx.bye()
    await until(lambda: call.end is not None, "ended")
    assert call.end == CallEnd(200, "Transferred", by_us=False, transferred=True)


async def test_the_other_end_hangs_up_while_the_target_rings(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    pbx.notify("SIP/2.0 180 Ringing\r\n")
    await until(lambda: call.transfer_progress.state is TransferState.RINGING, "rings there")
    pbx.bye()
    await until(lambda: call.end is not None, "ended")
    assert call.end == CallEnd(200, "Hung up before the transfer was done", by_us=False)
    assert registered.calls == []


async def test_hanging_up_during_a_transfer_is_no_transfer(call: Call, pbx: SmallPbx, until: Until) -> None:
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    call.hangup()
    await until(lambda: call.end is not None, "ended")
    assert call.end == CallEnd(200, "", by_us=True)


async def test_a_pbx_that_refuses_hold_still_transfers(call: Call, pbx: SmallPbx, until: Until) -> None:
    pbx.reinvite_status, pbx.refer_notices = 488, ["200 OK"]
    call.transfer("2003")
    await until(lambda: call.end == TRANSFERRED, "transferred")


async def test_hold_that_is_never_agreed_delays_the_transfer_only(
    call: Call, pbx: SmallPbx, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "HOLD_WAIT_MS", 700)
    pbx.patient.add("INVITE")
    pbx.refer_notices = ["200 OK"]
    call.transfer("2003")
    await until(lambda: call.transfer_progress.state is TransferState.DONE, "done")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "SIP/2.0 999 What\r\n",
        "\x00\xff" * 40,
        "SIP/2.0",
        "INVITE sip:x SIP/2.0\r\n",
        "SIP/2.0 1" + "9" * 500,
    ],
)
async def test_hostile_notices_do_no_harm(call: Call, pbx: SmallPbx, until: Until, body: str) -> None:
    call.transfer("2003")
    await until(pbx.refers, "REFER")
    pbx.notify(body, state="active")
    pbx.notify("SIP/2.0 200 OK\r\n", event="message-summary")
    pbx.notify("SIP/2.0 200 OK\r\n", event="refer;id=7")
    pbx.notify("SIP/2.0 480 No\r\n")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert call.transfer_progress.text == "Not available"


async def test_attended_transfer(
    call: Call, consultation: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    """RFC 3891: the held leg is referred to the consultation's dialog; both legs end as transferred."""
    assert consultation.consultation_for is call
    pbx.refer_notices = ["100 Trying", "200 OK"]
    call.transfer_to(consultation)
    await until(lambda: call.end is not None and consultation.end is not None, "both ended")
    assert (call.end, consultation.end) == (TRANSFERRED, TRANSFERRED)
    [refer] = pbx.refers()
    assert in_dialog_of(refer, pbx.invites["2001"])
    invite = pbx.invites["2002"]
    replaces = unquote((re.search(r"[?&]Replaces=([^&>]+)", refer.get("Refer-To")) or ["", ""])[1])
    assert replaces.split(";")[0] == invite.get("Call-ID")
    assert "to-tag=pbx" in replaces
    assert invite.get("From").partition("tag=")[2] in replaces
    await until(lambda: pbx.methods().count("BYE") == 2, "both legs are given back")
    assert registered.calls == []


async def test_attended_transfer_before_the_consultation_is_answered(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.invite_answers = [180]
    consultation = registered.consult(call, "2002")
    await until(lambda: consultation.state is CallState.RINGING_OUT and call.held, "rings there")
    call.transfer_to(consultation)
    await until(pbx.refers, "REFER")
    pbx.notify("SIP/2.0 200 OK\r\n", "2001")
    await until(lambda: call.end is not None and consultation.end is not None, "both ended")
    assert (call.end, consultation.end) == (TRANSFERRED, TRANSFERRED)
    await until(lambda: "CANCEL" in pbx.methods(), "CANCEL")


@pytest.mark.parametrize("taken", [True, False])
async def test_a_consultation_that_the_pbx_ends_for_the_transfer_is_no_call_that_was_declined(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until, taken: bool
) -> None:
    """A PBX may give it up before it calls the same phone for the one who is transferred."""
    pbx.invite_answers = [180]
    consultation = registered.consult(call, "2002")
    await until(lambda: consultation.state is CallState.RINGING_OUT and call.held, "rings there")
    call.transfer_to(consultation)
    await until(pbx.refers, "REFER")
    pbx.respond(603)
    await until(lambda: consultation.end is not None, "the consultation is over")
    assert consultation.end == TRANSFERRED
    assert call.transfer_progress.under_way
    pbx.notify(f"SIP/2.0 {'200 OK' if taken else '503 Unavailable'}\r\n", "2001")
    if taken:
        await until(lambda: call.end == TRANSFERRED, "transferred")
    else:
        await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
        assert call.held


async def test_a_consultation_can_be_given_up(
    call: Call, consultation: Call, registered: Phone, until: Until
) -> None:
    registered.go_back(consultation)
    await until(lambda: consultation.end is not None and call.state is CallState.ACTIVE, "back")
    assert registered.calls == [call]
    assert call.transfer_progress.state is TransferState.NONE


async def test_a_failed_attended_transfer_leaves_both_calls(
    call: Call, consultation: Call, pbx: SmallPbx, until: Until
) -> None:
    pbx.refer_notices = ["503 Unavailable"]
    call.transfer_to(consultation)
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert (call.held, consultation.state) == (True, CallState.ACTIVE)
    pbx.refer_notices = ["200 OK"]
    call.transfer_to(consultation)
    await until(lambda: call.end == TRANSFERRED and consultation.end == TRANSFERRED, "the second try")


async def test_the_held_one_hangs_up_during_the_consultation(
    call: Call, consultation: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    """The consultation is then an ordinary call."""
    pbx.bye("2001")
    await until(lambda: call.end is not None, "ended")
    assert consultation.consultation_for is None
    assert (consultation.state, registered.calls) == (CallState.ACTIVE, [consultation])


async def test_the_asked_one_hangs_up_during_the_transfer(
    call: Call, consultation: Call, pbx: SmallPbx, until: Until
) -> None:
    call.transfer_to(consultation)
    await until(pbx.refers, "REFER")
    pbx.bye("2002")
    pbx.notify("SIP/2.0 481 Gone\r\n", "2001")
    await until(lambda: call.transfer_progress.state is TransferState.FAILED, "told")
    assert consultation.end is not None
    assert not consultation.end.transferred
    assert call.end is None


async def test_what_cannot_be_transferred(call: Call, registered: Phone, pbx: SmallPbx, until: Until) -> None:
    with pytest.raises(PhoneError, match="not a number"):
        call.transfer("Ben")
    assert call.transfer_progress.state is TransferState.NONE
    with pytest.raises(PhoneError, match="rings there"):
        call.transfer_to(call)
    pbx.invite_answers = []
    dialling = registered.dial("2002")
    with pytest.raises(PhoneError, match="rings there"):
        call.transfer_to(dialling)
    with pytest.raises(PhoneError, match="answered"):
        dialling.transfer("2003")
    call.transfer("2003")
    with pytest.raises(PhoneError, match="already"):
        call.transfer("2004")


async def test_the_transfer_waits_until_the_leg_has_settled(
    registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    """A REFER right behind the ACK was accepted by a PBX, and nothing followed."""
    call = registered.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    call.transfer("2003")
    await until(lambda: call.held, "held")
    assert pbx.refers() == []
    await until(pbx.refers, "then")


async def test_the_phone_calls_nobody_because_somebody_else_says_so(
    call: Call, registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    """A REFER to us, which PJSIP would follow by itself, is declined; so is an INVITE with Replaces."""
    request = pbx.within("REFER").with_header("Refer-To", f"<sip:+1900@127.0.0.1:{pbx.port}>")
    pbx.send(request)
    await until(lambda: [a.status for a in pbx.answers if a.method == "REFER"] == [603], "603")
    invite = pbx.invites["2001"]
    assert list(pbx.invites) == ["2001"]
    ours = invite.get("From").partition("tag=")[2]
    pbx.call(headers=[("Replaces", f"{invite.get('Call-ID')};to-tag={ours};from-tag=pbx")])
    await until(lambda: [a.status for a in pbx.answers if a.method == "INVITE"][-1:] == [603], "603")
    assert registered.calls == [call]
    assert call.state is CallState.ACTIVE


@pytest.mark.parametrize("by_update", [True, False])
async def test_who_is_there_after_the_other_end_was_transferred(
    registered: Phone, pbx: SmallPbx, until: Until, by_update: bool
) -> None:
    """RFC 3325, in a call that came in: the PBX tells the new party by UPDATE or re-INVITE."""
    pbx.call()
    await until(lambda: registered.calls, "a call")
    [call] = registered.calls
    call.answer()
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    told = [("P-Asserted-Identity", '"Chiara Rossi" <sip:2003@pbx>')]
    if by_update:
        pbx.update(told)
    else:
        pbx.offer("sendrecv", headers=told)
    await until(lambda: call.number == "2003", "the new number")
    assert call.name == "Chiara Rossi"
    pbx.update([("P-Asserted-Identity", "<sip:2004@pbx>")])
    await until(lambda: call.number == "2004", "one without a name")
    assert call.name == ""
    pbx.update([("P-Asserted-Identity", '"Boss" <sip:2005@pbx>'), ("Privacy", "id")])
    pbx.update([("P-Asserted-Identity", '"David" <sip:2004@pbx>')])
    await until(lambda: call.name == "David", "the last")
    assert call.number == "2004"


async def test_who_answers_does_not_change_the_number_that_was_dialled(
    registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.answer_headers = [("P-Asserted-Identity", '"Sales" <sip:2009@pbx>')]
    call = registered.dial("2001")
    await until(lambda: call.name == "Sales", "its name")
    assert call.number == "2001"
    pbx.answer_headers = []
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    pbx.update([("P-Asserted-Identity", '"Chiara Rossi" <sip:2003@pbx>')])
    await until(lambda: (call.number, call.name) == ("2003", "Chiara Rossi"), "transferred")
