"""SIP-10: pop-ups follow the calls of the real phone."""

from collections.abc import Iterator

import pytest

from linkus_desktop.calls.popup import Opens, PopUp, When, Which
from linkus_desktop.calls.popup_runner import PopUpRunner
from linkus_desktop.calls.popups import PopUps
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState
from linkus_desktop.store.settings import Settings
from tests.linkus_desktop.sip.conftest import Until
from tests.linkus_desktop.sip.small_pbx import SmallPbx

ALL = tuple(
    PopUp(when, Which.ALL, Opens.ADDRESS, f"crm:{when.value}?{{number}}&{{name}}&{{direction}}").to_row()
    for when in When
)


@pytest.fixture
def settings() -> Settings:
    made = Settings()
    made.pop_ups = ALL
    return made


@pytest.fixture
def opened(registered: Phone, settings: Settings) -> Iterator[list[str]]:
    addresses: list[str] = []
    runner = PopUpRunner(open_address=lambda address: addresses.append(address) is None)
    made = PopUps(registered, settings, lambda call: call.name, runner=runner)
    yield addresses
    made.close()
    made.deleteLater()
    runner.deleteLater()


async def test_an_incoming_call_opens_them_in_turn_and_each_once_SIP_10(
    opened: list[str], registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.call()
    await until(lambda: bool(registered.calls), "it rings")
    call = registered.calls[0]
    who = "2001&Zo%C3%AB%20%C3%85ngstr%C3%B6m&incoming"
    assert opened == [f"crm:ringing?{who}"]
    call.answer()
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    call.hold()
    await until(lambda: call.held, "held")
    call.resume()
    await until(lambda: call.state is CallState.ACTIVE, "resumed")
    pbx.bye()
    await until(lambda: call.end is not None, "over")
    assert opened == [f"crm:{when}?{who}" for when in ("ringing", "answered", "ended")]


async def test_an_outgoing_call_opens_them_too_SIP_10(
    opened: list[str], registered: Phone, pbx: SmallPbx, until: Until
) -> None:
    pbx.invite_answers = [180]
    call = registered.dial("2001")
    assert opened == [], "it does not ring yet"
    await until(lambda: call.state is CallState.RINGING_OUT, "it rings")
    call.hangup()
    await until(lambda: call.end is not None, "given up")
    assert opened == ["crm:ringing?2001&&outgoing", "crm:ended?2001&&outgoing"], "it was never answered"


async def test_as_delivered_calls_open_nothing_SIP_10(
    opened: list[str], registered: Phone, settings: Settings, pbx: SmallPbx, until: Until
) -> None:
    assert Settings().pop_ups == ()
    settings.pop_ups = ()
    pbx.call()
    await until(lambda: bool(registered.calls), "it rings")
    assert opened == []


async def test_a_pop_up_that_fails_is_told_once_and_the_call_goes_on_SIP_10(
    registered: Phone, settings: Settings, pbx: SmallPbx, until: Until
) -> None:
    runner = PopUpRunner(open_address=lambda _: False)
    made = PopUps(registered, settings, lambda call: call.name, runner=runner)
    problems: list[str] = []
    made.problem.connect(problems.append)
    pbx.call()
    await until(lambda: bool(registered.calls), "it rings")
    call = registered.calls[0]
    call.answer()
    await until(lambda: call.state is CallState.ACTIVE, "answered")
    assert len(problems) == 1
    assert "knows no program" in problems[0]
    made.deleteLater()
    runner.deleteLater()
