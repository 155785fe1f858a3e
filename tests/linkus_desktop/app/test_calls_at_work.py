"""SIP-6, SIP-9, SIP-10: what the preferences do with calls, in the client as it is put together."""

import asyncio

import pytest

from linkus_desktop.app import Client
from linkus_desktop.calls.popup import Opens, PopUp, When, Which
from linkus_desktop.sip.alert import Alert
from linkus_desktop.sip.audio import Sound, Tone
from linkus_desktop.sip.values import CallState, Quality
from linkus_desktop.workplace import Workplace
from server.contract.ring_tones import UploadedRingTone
from server.services.sound_convert import wav
from tests.linkus_desktop.app.conftest import Server
from tests.linkus_desktop.app.test_client import log_in, log_out
from tests.linkus_desktop.qt_loop import emitted, until
from tests.linkus_desktop.ui.fakes import FakeCall
from tests.server import sounds

pytestmark = [pytest.mark.window, pytest.mark.qt_log_ignore("does not support raise")]


async def at_work(client: Client, server: Server) -> Workplace:
    """Logged in, and the colleagues are known."""
    client.start()
    workplace = await log_in(client, server)
    await until(lambda: workplace.colleagues.known, workplace.colleagues.known_changed)
    return workplace


def rings(workplace: Workplace, number: str, *, asks: int | None = None) -> FakeCall:
    """A call that the phone tells of."""
    phone = workplace.phone
    call = FakeCall(number, "", CallState.INCOMING, parent=phone)
    call.alert = Alert((), asks)
    phone.calls.append(call)
    phone.call_added.emit(call)
    return call


def gone(workplace: Workplace, call: FakeCall) -> None:
    phone = workplace.phone
    phone.calls.remove(call)
    call.finish("Missed", 487)
    phone.call_removed.emit(call)


async def test_colleagues_and_others_ring_as_the_user_chose_SIP_6(client: Client, server: Server) -> None:
    workplace = await at_work(client, server)
    client.settings.ring_colleagues, client.settings.ring_others = "soft", "urgent"
    for number, tone in (("1002", Tone.SOFT), ("+420530335533", Tone.URGENT)):
        call = rings(workplace, number)
        assert workplace.phone.tone_of(call) is tone
        gone(workplace, call)


async def test_a_call_rings_as_the_pbx_says_with_a_tone_that_was_uploaded_there_Q_5(
    client: Client, server: Server
) -> None:
    services = server.services.services
    await services.configuration.put(UploadedRingTone(name="anthem"), by="test")
    first = (await services.ring_tones.upload("anthem", sounds.tone(600), by="test")).hash
    workplace = await at_work(client, server)
    client.settings.ring_colleagues = "soft"
    await until(lambda: workplace.ring_tones.samples(first) is not None, workplace.ring_tones.loaded)
    call = rings(workplace, "1002")
    call.alert = Alert(ring_tone=first)
    told = workplace.phone.tone_of(call)
    assert isinstance(told, Sound)
    assert sounds.pitch_of(wav(told.pcm)) == pytest.approx(600, abs=3)
    # Replaced while the client runs: the usual tone rings until the new one is there.
    call.alert = Alert(
        ring_tone=(await services.ring_tones.upload("anthem", sounds.tone(700), by="test")).hash
    )
    loaded = asyncio.ensure_future(emitted(workplace.ring_tones.loaded))
    assert workplace.phone.tone_of(call) is Tone.SOFT
    await loaded
    told = workplace.phone.tone_of(call)
    assert isinstance(told, Sound)
    assert sounds.pitch_of(wav(told.pcm)) == pytest.approx(700, abs=3)
    call.alert = Alert(ring_tone="0a" * 32)
    assert workplace.phone.tone_of(call) is Tone.SOFT, "one that the server does not have"
    gone(workplace, call)


async def test_a_colleagues_intercom_is_answered_and_a_strangers_is_not_SIP_9(
    client: Client, server: Server
) -> None:
    workplace = await at_work(client, server)
    stranger = rings(workplace, "+420530335533", asks=0)
    assert workplace.phone.tone_of(stranger) is not Tone.INTERCOM
    gone(workplace, stranger)
    call = rings(workplace, "1002", asks=0)
    assert workplace.phone.tone_of(call) is Tone.INTERCOM
    await emitted(workplace.auto_answer.answered)
    assert call.state is CallState.ACTIVE
    card = workplace.window.calls.card_of(call)
    assert card is not None
    assert card.state.text() == "Auto-answered"
    gone(workplace, call)


async def test_a_call_opens_the_users_page_with_the_colleagues_name_SIP_10(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    workplace = await at_work(client, server)
    monkeypatch.setattr(
        workplace.pop_ups.runner, "_open_address", lambda address: opened.append(address) is None
    )
    pop_up = PopUp(When.RINGING, Which.INCOMING, Opens.ADDRESS, "crm:find?{number}&{name}")
    client.settings.pop_ups = (pop_up.to_row(),)
    call = rings(workplace, "1002")
    assert opened == ["crm:find?1002&Otto%20Dorn"]
    gone(workplace, call)
    client.settings.pop_ups = (PopUp(When.RINGING, Which.ALL, Opens.ADDRESS, "crm").to_row(),)
    gone(workplace, rings(workplace, "1002"))
    assert "A pop-up was not opened" in workplace.window.message.text


async def test_after_a_log_out_nothing_happens_twice_SIP_10(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phone outlives a session; what followed it must not."""
    await at_work(client, server)
    await log_out(client)
    workplace = await log_in(client, server)
    opened: list[str] = []
    monkeypatch.setattr(
        "linkus_desktop.calls.popup_runner.QDesktopServices.openUrl",
        lambda url: opened.append(url.toString()) is None,
    )
    client.settings.pop_ups = (PopUp(When.RINGING, Which.ALL, Opens.ADDRESS, "crm:{number}").to_row(),)
    gone(workplace, rings(workplace, "1002"))
    assert opened == ["crm:1002"]


async def test_how_a_call_sounded_goes_to_the_server_SIP_8(
    client: Client, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that does not know the call refuses it: nobody but the log is told."""
    workplace = await at_work(client, server)
    call = rings(workplace, "1002")
    call.answer()
    call.measured = Quality("PCMA", True, 0.0, None, 2.0, None, 4.3)
    told = {
        "id": "a" * 32, "number": "1002", "name": "", "since": "2026-03-12T14:30:00Z",
        "sip_call_ids": [call.sip_call_id], "recording": {},
    }  # fmt: skip
    workplace.session.live.calls.take_snapshot({told["id"]: told})
    workplace.quality.measure()
    workplace.phone.calls.remove(call)
    call.finish("", 200)
    workplace.phone.call_removed.emit(call)
    await log_out(client)
    (line,) = [one.getMessage() for one in caplog.records if one.name.endswith("quality_reports")]
    assert "a" * 32 in line
    assert "There is no answered call" in line, "it is the server's own word"
