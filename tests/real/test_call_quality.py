"""SIP-8 on two of our own phones: how a call sounded is in the log of who is logged in, and shown there."""

import time
from pathlib import Path
from typing import Any

import pytest

from linkus_desktop.ui.call_quality import Grade
from tests.phones.own_phone import OwnPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.workplace import at_work

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

OTHER_HZ = 900.0


def has_a_reason(told: dict[str, Any]) -> bool:
    """Whether what is told beside a low MOS explains it: packets that came late or never."""
    late_ms = max(told["jitter_worst_ms"], told["round_trip_ms"] or 0)
    return bool(late_ms > 100 or (told["loss_sent"] or 0) > 1)


async def test_a_clients_call_is_judged_in_its_log_when_the_other_hangs_up_SIP_8(
    pbx: Pbx, tmp_path: Path
) -> None:
    async with (
        at_work(pbx, "1004", tmp_path) as dana,
        OwnPhone(pbx.line("1002")) as other,
    ):
        await pbx.register(other)
        other.says(OTHER_HZ)
        await dana.type("Search a colleague or dial a number", "1002", enter=True)
        await other.incoming()
        began = time.monotonic()
        await other.answer()
        await dana.see("Call with ", ": In a call")
        await dana.see("Sound quality: good")
        calls = (await pbx.topic("calls", await pbx.token_of("1004"))).values()
        (call,) = [one for one in calls if one["state"] == "talking"]
        await other.hears_for(5000)
        await other.hangup()
        lasted_s = time.monotonic() - began
        token = await pbx.token_of("1004")

        async def look() -> dict[str, Any] | None:
            found = await pbx.api("GET", "/call-log", token=token)
            return next((one for one in found if one["call_id"] == call["id"] and one["quality"]), None)

        told = dict(await until(look, "the log has it") or {})["quality"]
        assert told["codec"].upper() in {"G722", "PCMA", "PCMU"}
        assert 2 < told["measured_s"] < lasted_s + 2
        assert 1 <= told["mos_worst"] <= told["mos"] <= 4.5
        assert told["mos"] > 4 or has_a_reason(told), "it sounded well, but where this machine stood still"
        assert told["loss_received"] < 1
        assert 0 <= told["jitter_ms"] <= told["jitter_worst_ms"]
        await dana.click("Call Logs")
        word = Grade.of_score(told["mos"]).word.lower()
        await dana.see("Outgoing call, Bob Baker", f", sound {word}")
        (record,) = [one for one in await pbx.api("GET", "/calls") if one["id"] == call["id"]]
        assert record["quality"] == {"1004": told}, "a phone without a session tells nothing"
    await pbx.nothing_left()
