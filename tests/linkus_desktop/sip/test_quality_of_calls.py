"""SIP-8: how a call sounds. Two of our own phones on the loopback, and a line that loses packets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication

from linkus_desktop.calls.quality_reports import QualityReports
from linkus_desktop.sip.audio import Audio
from linkus_desktop.sip.call import Call
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.quality import Summary
from linkus_desktop.sip.values import CallState, Quality, Registration
from linkus_desktop.ui.call_quality import CallQuality, Grade
from server.contract.calls import CallQualityReport
from tests.linkus_desktop.sip.conftest import Until, account
from tests.linkus_desktop.sip.exchange import Exchange
from tests.linkus_desktop.sip.sound_cards import SoundCards
from tests.phones.own_phone import OwnPhone
from tests.phones.phone import Line

NOTHING = Summary("", False, 0.0, 1.0, 1.0, 0.0, None, 0.0, 0.0, None)


class Listener:
    """Looks at a call as its card does, but as often as it is asked.

    Attributes:
        shown: what the card shows. now: the latest figures.
    """

    def __init__(self, call: Call) -> None:
        self.call = call
        self.shown = CallQuality(call)
        self.now: Quality | None = None

    def sees(self, holds: Callable[[Quality], bool]) -> Callable[[], bool]:
        def look() -> bool:
            self.shown.follow(self.call, datetime.now(UTC))
            self.now = self.call.quality()
            return self.now is not None and holds(self.now)

        return look


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    made = Exchange()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def caller(qapp: QCoreApplication, cards: SoundCards, exchange: Exchange) -> AsyncIterator[Phone]:
    made = Phone(Audio(cards))
    yield made
    await made.stop()
    made.deleteLater()
    qapp.processEvents()


@pytest.fixture
async def listener(
    caller: Phone, exchange: Exchange, cards: SoundCards, until: Until
) -> AsyncIterator[Listener]:
    """In a call with the other phone; both say a tone."""
    cards.hz = 700.0
    caller.start(account(exchange), "127.0.0.1")
    await until(lambda: caller.registration is Registration.REGISTERED, "registered")
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(OwnPhone(Line("2001", "secret", "127.0.0.1", exchange.port)))

        async def meanwhile(done: Coroutine[Any, Any, object]) -> None:
            """Let the other phone do something while this one goes on."""
            task = asyncio.ensure_future(done)
            await until(task.done)
            await task

        await meanwhile(other.register())
        other.says(440.0)
        call = caller.dial("2001")
        await meanwhile(other.incoming())
        await meanwhile(other.answer())
        await until(lambda: call.state is CallState.ACTIVE, "answered")
        made = Listener(call)
        yield made
        made.shown.sign.deleteLater()
        made.shown.warning.deleteLater()
        call.hangup()
        await meanwhile(other.ended())
        assert call.quality() is None


async def test_a_clean_call_is_measured_both_ways_SIP_8(listener: Listener, until: Until) -> None:
    def is_clean(quality: Quality) -> bool:
        reported = quality.mos_sent is not None and quality.round_trip_ms is not None
        shown = listener.shown.sign.grade is Grade.GOOD and not listener.shown.warning.text
        return reported and quality.loss_received < 1 and quality.worst > 4 and shown

    await until(listener.sees(is_clean), "it is good by our reports and by theirs")
    assert listener.now is not None
    assert listener.now.codec.upper() in {"G722", "PCMA", "PCMU"}


async def test_with_loss_the_estimate_falls_and_the_warning_comes_SIP_8(
    listener: Listener, exchange: Exchange, until: Until
) -> None:
    await until(listener.sees(lambda q: q.mos > 4.2), "it is good")
    exchange.caller.loss = 0.3

    def is_told(quality: Quality) -> bool:
        return bool(listener.shown.warning.text) and quality.mos < 3.1 and 10 < quality.loss_received < 50

    await until(listener.sees(is_told), "the warning comes")
    assert "of what they say is lost" in listener.shown.warning.text
    assert listener.shown.sign.grade is Grade.BAD
    exchange.caller.loss = 0.0
    await until(listener.sees(lambda q: not listener.shown.warning.text and q.mos > 3.6), "the warning goes")


async def test_the_other_end_tells_what_it_misses_SIP_8(
    listener: Listener, exchange: Exchange, until: Until
) -> None:
    exchange.callee.loss = 0.5
    await until(
        listener.sees(lambda q: (q.loss_sent or 0) > 20 and q.mos > 4 and q.worst < 3.1),
        "a report tells it, and we hear well",
    )


async def test_a_line_that_goes_dead_is_told_SIP_8(
    listener: Listener, exchange: Exchange, until: Until
) -> None:
    await until(listener.sees(lambda q: q.mos > 4.2), "it is good")
    exchange.caller.loss = 1.0
    await until(listener.sees(lambda q: q.loss_received == 100), "nothing arrives")


async def test_what_was_measured_is_told_when_the_other_end_hangs_up_SIP_8(
    listener: Listener, caller: Phone, until: Until
) -> None:
    told: list[tuple[str, CallQualityReport]] = []

    class Server:
        """Names every call, and takes what is told."""

        changed = caller.call_added

        def find(self, sip_call_id: str, _number: str) -> SimpleNamespace:
            return SimpleNamespace(id=f"server's {sip_call_id}")

        async def tell_quality(self, call_id: str, report: CallQualityReport) -> None:
            told.append((call_id, report))

    server = Server()
    reports = QualityReports(caller, server, server)  # type: ignore[arg-type]
    await until(lambda: bool(reports._measured), "followed")
    sip_call_id = listener.call.sip_call_id
    record = reports._measured[listener.call].record

    def is_measured() -> bool:
        so_far = record.summary() or NOTHING
        return so_far.measured_s > 1 and so_far.mos > 4.1 and so_far.loss_received < 0.9

    await until(is_measured, "measured, and the machine has run most of the time")
    listener.call.hangup()
    await until(lambda: bool(told), "told")
    ((name, report),) = told
    assert name == f"server's {sip_call_id}"
    assert report.codec in {"G722", "PCMA", "PCMU"}
    assert report.mos is not None
    assert report.mos > 4
    assert report.loss_received is not None
    assert report.loss_received < 1
    await reports.close()
    reports.deleteLater()
