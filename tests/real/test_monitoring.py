"""WALL-3 on real phones: who hears the supervisor, and whom the supervisor hears."""

import asyncio

import pytest

from tests.phones.hearing import GONE_DBOV, hears_tone, listen
from tests.phones.phone import RealPhone
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import level_of
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.scenes import Logbooks

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

TONES = {"1001": 550.0, "1002": 700.0, "1003": 1000.0}
HEARD_DBOV = -27.0


async def hears_all(phone: RealPhone, *numbers: str) -> None:
    """Wait until this phone hears the tones of these at once, and none of the others."""

    async def look() -> bool:
        sound = await listen(phone, 400)
        levels = {number: level_of(sound, hz) for number, hz in TONES.items()}
        return all(
            levels[number] > HEARD_DBOV if number in numbers else levels[number] < GONE_DBOV
            for number in TONES
        )

    await until(look, f"{phone.line.number} hears {' and '.join(numbers)}", timeout_s=120)


@pytest.mark.parametrize(
    ("code", "agent", "customer"),
    [
        ("*51", ("1001",), ("1002",)),
        ("*52", ("1001", "1003"), ("1002",)),
        ("*53", ("1001", "1003"), ("1002", "1003")),
    ],
    ids=["listen", "whisper", "barge"],
)
async def test_the_supervisor_hears_both_and_is_heard_by_those_who_shall_WALL_3(
    pbx: Pbx, code: str, agent: tuple[str, ...], customer: tuple[str, ...]
) -> None:
    right = {"supervisors": ["1003"], "everybody": True}
    await pbx.api("PUT", "/monitoring-rights/all", body=right)
    async with (
        Logbooks(pbx, "1001", "1002", "1003") as logs,
        ScriptPhone(pbx.line("1001")) as anna,
        ScriptPhone(pbx.line("1002")) as boris,
        ScriptPhone(pbx.line("1003")) as cyril,
    ):
        phones = (anna, boris, cyril)
        await pbx.register(*phones)
        for phone in phones:
            phone.says(TONES[phone.line.number])
        await anna.dial("1002")
        await boris.incoming()
        await boris.answer()
        await anna.connected()
        await asyncio.gather(hears_tone(anna, TONES["1002"]), hears_tone(boris, TONES["1001"]))
        await cyril.dial(f"{code}1002")
        await cyril.connected()
        await hears_all(cyril, "1001", "1002")
        await hears_all(boris, *agent)
        await hears_all(anna, *customer)
        await cyril.hangup()
        await asyncio.gather(hears_tone(anna, TONES["1002"]), hears_tone(boris, TONES["1001"]))
        await anna.hangup()
        await boris.ended()
        await logs.have(
            of_1001=[("outgoing", "1002", "answered")],
            of_1002=[("incoming", "1001", "answered")],
            of_1003=[("outgoing", f"{code}1002", "answered")],
        )
    await pbx.nothing_left()
