"""Calls that nobody answers: the SIP status on the wire, and the entries in both logs (A.7, LOG-1)."""

from dataclasses import replace

import pytest

from tests.phones.own_phone import OwnPhone
from tests.phones.script_phone import ScriptPhone
from tests.real.pbx import Pbx

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


class Logs:
    """The new entries that a call leaves in two logs."""

    def __init__(self, pbx: Pbx, *numbers: str) -> None:
        self._pbx = pbx
        self._numbers = numbers
        self._before: dict[str, set[str]] = {}

    async def begin(self) -> None:
        self._before = {number: await self._pbx.ids(number) for number in self._numbers}

    async def entry(self, number: str) -> tuple[str, str, str, str, int | None]:
        """Direction, number and name of the other party, outcome, SIP status."""
        found = await self._pbx.newest(number, after=self._before[number])
        return (found["direction"], found["number"], found["name"], found["outcome"], found["sip_code"])


async def logs_of(pbx: Pbx, *numbers: str) -> Logs:
    logs = Logs(pbx, *numbers)
    await logs.begin()
    return logs


ALICE, BOB = ("1001", "Alice Archer"), ("1002", "Bob Baker")


@pytest.mark.parametrize(
    ("status", "phrase", "told", "outcome"),
    [
        (486, "Busy Here", 486, "busy"),
        (600, "Busy Everywhere", 486, "busy"),
        (603, "Decline", 603, "declined"),
    ],
)
async def test_a_refused_call_is_told_and_logged_on_both_sides_LOG_1(
    pbx: Pbx, status: int, phrase: str, told: int, outcome: str
) -> None:
    logs = await logs_of(pbx, "1001", "1002")
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        callee.refuse(status, phrase)
        assert (await caller.ended()).code == told
    assert await logs.entry("1001") == ("outgoing", *BOB, outcome, told)
    incoming = await logs.entry("1002")
    assert incoming[:4] == ("incoming", *ALICE, outcome)
    await pbx.nothing_left()


async def test_nobody_answers_480_and_missed_LOG_1(pbx: Pbx) -> None:
    logs = await logs_of(pbx, "1001", "1002")
    async with (
        pbx.rings_briefly("1002"),
        ScriptPhone(pbx.line("1001")) as caller,
        ScriptPhone(pbx.line("1002")) as callee,
    ):
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        await caller.ringback()
        assert (await caller.ended()).code == 480
        await callee.ended()
    assert await logs.entry("1001") == ("outgoing", *BOB, "no_answer", 480)
    assert (await logs.entry("1002"))[:4] == ("incoming", *ALICE, "missed")
    await pbx.nothing_left()


async def test_the_caller_gives_up_and_the_callee_has_a_missed_call_LOG_1(pbx: Pbx) -> None:
    logs = await logs_of(pbx, "1001", "1002")
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        await caller.dial("1002")
        await callee.incoming()
        await caller.ringback()
        await caller.hangup()
        assert (await caller.ended()).code == 487
        assert "Call completed elsewhere" not in (await callee.ended()).reason
    assert (await logs.entry("1001"))[:4] == ("outgoing", *BOB, "cancelled")
    assert (await logs.entry("1002"))[:4] == ("incoming", *ALICE, "missed")
    await pbx.nothing_left()


async def test_nobody_is_registered_480_LOG_1(pbx: Pbx) -> None:
    logs = await logs_of(pbx, "1001", "1004")
    async with ScriptPhone(pbx.line("1001")) as caller:
        await pbx.register(caller)
        await caller.dial("1004")
        assert (await caller.ended()).code == 480
        assert caller.dialog
        assert 180 not in caller.dialog.provisional
    assert await logs.entry("1001") == ("outgoing", "1004", "Dana Dvořák", "unregistered", 480)
    assert (await logs.entry("1004"))[:3] == ("incoming", *ALICE)


async def test_an_unknown_number_404_LOG_1(pbx: Pbx) -> None:
    logs = await logs_of(pbx, "1001")
    async with ScriptPhone(pbx.line("1001")) as caller:
        await pbx.register(caller)
        await caller.dial("7777")
        assert (await caller.ended()).code == 404
    assert await logs.entry("1001") == ("outgoing", "7777", "", "unknown_number", 404)


async def test_an_answered_call_is_logged_with_its_times_LOG_1(pbx: Pbx) -> None:
    before = {number: await pbx.ids(number) for number in ("1001", "1003")}
    async with ScriptPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1003")) as callee:
        await pbx.register(caller, callee)
        await caller.dial("1003")
        await callee.incoming()
        await callee.answer()
        await caller.connected()
        await pbx.calls_are("talking")
        await pbx.shows("talking", "1001", "1003")
        await caller.hangup()
        await callee.ended()
    for number in ("1001", "1003"):
        entry = await pbx.newest(number, after=before[number])
        assert entry["outcome"] == "answered"
        assert entry["started_at"] < entry["answered_at"] < entry["ended_at"]
    await pbx.nothing_left()


async def test_the_caller_shows_with_number_and_name_whatever_it_claims_SIP_9(pbx: Pbx) -> None:
    """The name is the one in the directory, also with letters beyond ASCII; claims are not shown."""
    async with (
        ScriptPhone(replace(pbx.line("1003"), name="The Boss")) as caller,
        OwnPhone(pbx.line("1002")) as callee,
    ):
        await pbx.register(caller, callee)
        await caller.dial("1002")
        shown = await callee.incoming()
        assert (shown.number, shown.name) == ("1003", "Čeněk Žák")
        await caller.hangup()


async def test_the_own_window_has_a_text_for_each_ending_SIP_3(pbx: Pbx) -> None:
    async with OwnPhone(pbx.line("1001")) as caller, ScriptPhone(pbx.line("1002")) as callee:
        await pbx.register(caller, callee)
        texts = {}
        for status, phrase in ((486, "Busy Here"), (603, "Decline")):
            await caller.dial("1002")
            await callee.incoming()
            callee.refuse(status, phrase)
            texts[status] = (await caller.ended()).reason
        for number, status in (("1004", 480), ("7777", 404)):
            await caller.dial(number)
            texts[status] = (await caller.ended()).reason
    assert all(texts.values())
    assert len(set(texts.values())) == len(texts), f"two endings read alike: {texts}"
