"""What a supervisor at a real phone hears, and who hears the supervisor (WALL-3)."""

import pytest

from server.switch.port import Whisper
from tests.phones.script_phone import ScriptPhone
from tests.phones.sound import level_of
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench

pytestmark = pytest.mark.real

AGENT, CUSTOMER, SUPERVISOR = 440, 900, 1500
LOUD_DBOV, GONE_DBOV = -28.0, -38.0
"""Phones say their tones at -15 dBov."""


async def hears_exactly(phone: ScriptPhone, *tones: int) -> None:
    """Wait until half a second in a row has these of the three tones in it, and not the others."""
    before = phone.heard().ms

    def so() -> bool:
        sound = phone.heard().since(before).last(500)
        levels = {hz: level_of(sound, hz) for hz in (AGENT, CUSTOMER, SUPERVISOR)}
        return sound.ms > 490 and all(
            level > LOUD_DBOV if hz in tones else level < GONE_DBOV for hz, level in levels.items()
        )

    await until(so, f"{phone.line.number} hears {tones} and nothing else")


async def test_a_supervisor_listens_whispers_and_barges_in_WALL_3(bench: Bench) -> None:
    agent, customer = await bench.phone("1001"), await bench.phone("1002")
    agent.says(AGENT)
    customer.says(CUSTOMER)
    inbound, _ = await bench.call(agent, customer)
    supervisor = await bench.phone("1003")
    supervisor.says(SUPERVISOR)
    await supervisor.dial("7777")
    listener = await bench.events.incoming()
    await listener.answer()
    await supervisor.connected()

    heard_by_agent = {Whisper.NOBODY: (), Whisper.LEG: (SUPERVISOR,), Whisper.ALL: (SUPERVISOR,)}
    heard_by_customer = {Whisper.NOBODY: (), Whisper.LEG: (), Whisper.ALL: (SUPERVISOR,)}
    for whisper in Whisper:
        spying = await inbound.spy(listener, whisper)
        await hears_exactly(supervisor, AGENT, CUSTOMER)
        await hears_exactly(agent, CUSTOMER, *heard_by_agent[whisper])
        await hears_exactly(customer, AGENT, *heard_by_customer[whisper])
        await spying.stop()
    await hears_exactly(agent, CUSTOMER)
    await hears_exactly(customer, AGENT)

    spying = await inbound.spy(listener)
    await agent.hangup()
    await inbound.gone()
    await spying.stop()

    async def unheard() -> bool:
        channels = await bench.switch._control.connected.get("channels")
        return not any(channel["name"].startswith("Snoop/") for channel in channels)

    await until(unheard, "Asterisk has ended what the supervisor heard by")
    assert not [bridge.id for bridge in bench.switch.bridges() if bridge.id.startswith("spy-")]
    assert listener in bench.switch.legs()
