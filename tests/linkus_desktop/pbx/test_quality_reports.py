"""SIP-8: how a call sounded is told to the server when it is over; a failure disturbs nobody."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from linkus_desktop.calls.quality_reports import QualityReports, report_of
from linkus_desktop.pbx.recordings import OwnCalls
from linkus_desktop.pbx.session import Session
from linkus_desktop.pbx.tasks import running
from linkus_desktop.sip.quality import Summary
from linkus_desktop.sip.values import CallState, Quality
from tests.linkus_desktop.pbx.fake_pbx import NOW, FakePbx, error
from tests.linkus_desktop.ui.fakes import FakeCall, FakePhone

ID, OTHER = "a" * 32, "b" * 32
GOOD = Quality("G722", True, 0.5, None, 3.0, None, 4.3)
WORSE = Quality("G722", True, 9.5, 2.0, 7.0, 30.0, 3.1)


class Desk:
    """A phone with its reports, and time that a test lets pass."""

    def __init__(self, session: Session, pbx: FakePbx) -> None:
        self.pbx = pbx
        self.phone = FakePhone()
        self.topic = session.live.calls
        self.at = 0.0
        own_calls = OwnCalls(self.topic, session.api)
        self.own_calls = own_calls
        self.reports = QualityReports(self.phone, own_calls, session.api, clock=lambda: self.at)  # type: ignore[arg-type]
        self.topic.take_snapshot({})

    def knows(self, **calls: str) -> None:
        """The server tells of answered calls: their Call-IDs by id."""
        self.topic.take_snapshot({call_id: own_call(call_id, sip) for call_id, sip in calls.items()})

    def talks(self, *measured: Quality | None) -> FakeCall:
        """An answered call, which the server knows as `ID`, measured once a second."""
        call = self.phone.add(FakeCall("1002", "Otto", CallState.ACTIVE, talked=timedelta(0)))
        self.knows(**{ID: call.sip_call_id})
        self.measures(call, *measured)
        return call

    def measures(self, call: FakeCall, *measured: Quality | None) -> None:
        for quality in measured:
            call.measured = quality
            self.at += 1
            self.reports.measure()

    async def told(self) -> list[tuple[str, Any]]:
        """What the server was told, once nothing is under way."""
        while tasks := running():
            await asyncio.wait(tasks)
        return [
            (path, body) for method, path, body in self.pbx.requests if method == "PUT" and "quality" in path
        ]


def own_call(call_id: str, sip: str, number: str = "1002") -> dict[str, Any]:
    return {
        "id": call_id, "number": number, "name": "", "since": NOW.isoformat(), "sip_call_ids": [sip],
        "recording": {},
    }  # fmt: skip


@pytest.fixture
async def desk(session: Session, pbx: FakePbx) -> AsyncIterator[Desk]:
    async def take(_: web.Request) -> web.Response:
        return web.Response(status=204)

    for call_id in (ID, OTHER):
        pbx.instead[f"/me/calls/{call_id}/quality"] = take
    made = Desk(session, pbx)
    yield made
    await made.reports.close()


@pytest.mark.parametrize("by_us", [True, False])
async def test_the_summary_is_sent_whoever_hung_up_SIP_8(desk: Desk, by_us: bool) -> None:
    call = desk.talks(GOOD, WORSE)
    desk.knows()  # the server may be first to know that it is over
    assert await desk.told() == []
    call.finish(by_us=by_us)
    assert await desk.told() == [
        (
            f"/me/calls/{ID}/quality",
            {
                "codec": "G722",
                "encrypted": True,
                "measured_s": 1.0,
                "mos": 3.7,
                "mos_worst": 3.1,
                "loss_received": 5.0,
                "loss_sent": 2.0,
                "jitter_ms": 5.0,
                "jitter_worst_ms": 7.0,
                "round_trip_ms": 30.0,
            },
        )
    ]


async def test_of_calls_that_were_not_answered_nothing_is_told_SIP_8(desk: Desk) -> None:
    for state in (CallState.INCOMING, CallState.DIALLING, CallState.RINGING_OUT):
        call = desk.phone.add(FakeCall("1002", "Otto", state))
        desk.knows(**{ID: call.sip_call_id})
        desk.measures(call, GOOD)
        call.finish("Missed", 487)
    assert await desk.told() == []


async def test_of_a_call_without_sound_or_without_a_name_nothing_is_told_SIP_8(desk: Desk) -> None:
    desk.talks(None).finish()
    call = desk.phone.add(FakeCall("1002", "Otto", CallState.ACTIVE, talked=timedelta(0)))
    desk.knows(**{ID: "of another phone"})
    desk.measures(call, GOOD)
    call.finish()
    assert await desk.told() == []


async def test_each_call_is_told_of_once_under_its_own_name_SIP_8(desk: Desk) -> None:
    first = desk.talks(GOOD)
    second = desk.phone.add(FakeCall("1003", "Eva", CallState.ACTIVE, talked=timedelta(0)))
    second.measured = WORSE
    desk.knows(**{ID: first.sip_call_id, OTHER: second.sip_call_id})
    first.hold()
    desk.measures(second, WORSE)
    second.finish()
    first.finish()
    told = {path: body["mos"] for path, body in await desk.told()}
    assert told == {f"/me/calls/{OTHER}/quality": 3.1, f"/me/calls/{ID}/quality": 4.3}
    assert len(await desk.told()) == 2


async def test_after_a_transfer_it_is_still_the_call_that_began_SIP_8(desk: Desk) -> None:
    """The other end talks with somebody else now, in a call that our log does not have."""
    call = desk.talks(GOOD)
    desk.knows(**{OTHER: call.sip_call_id})
    desk.measures(call, GOOD)
    call.finish()
    assert [path for path, _ in await desk.told()] == [f"/me/calls/{ID}/quality"]


@pytest.mark.parametrize("fault", ["refused", "nonsense", "gone"])
async def test_a_failure_is_only_logged_SIP_8(
    desk: Desk, pbx: FakePbx, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return error(404, "not_found") if fault == "refused" else web.Response(status=500, text="<html>")

    pbx.instead[f"/me/calls/{ID}/quality"] = refuse
    call = desk.talks(GOOD)
    if fault == "gone":
        await pbx.stop()
    call.finish()
    await desk.told()
    (line,) = [one for one in caplog.records if one.name.endswith("quality_reports")]
    assert (line.levelname, ID in line.getMessage(), line.exc_info) == ("WARNING", True, None)
    again = desk.talks(GOOD)
    assert again.talking, "the phone goes on"
    again.finish()


async def test_a_call_that_a_log_out_ends_is_told_of_yet_SIP_8(desk: Desk, pbx: FakePbx) -> None:
    desk.talks(GOOD).finish()
    await desk.reports.close()
    assert [path for method, path, _ in pbx.requests if method == "PUT"] == [f"/me/calls/{ID}/quality"]


async def test_what_comes_after_a_log_out_is_not_told_SIP_8(desk: Desk) -> None:
    """The phone outlives the session."""
    await desk.reports.close()
    desk.talks(GOOD).finish()
    assert await desk.told() == []


def test_figures_stay_within_what_can_be_told_SIP_8() -> None:
    wild = Summary("X" * 40, False, 1e9, 4.6, 1.0, 100.0, None, 1e6, 1e7, 1e8)
    report = report_of(wild)
    assert (report.codec, report.mos, report.jitter_worst_ms) == ("X" * 32, 4.5, 60_000)
    assert report.loss_sent is None
