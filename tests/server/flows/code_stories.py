"""Codes that switch over, calls ordered to machines, mobiles of agents: more stories to let go wrong."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from server.contract.agents import AgentSwitch
from server.contract.boss import Boss
from server.contract.conference import Conference
from server.contract.ivr import Choice, Ivr
from server.contract.prompts import Prompt
from server.contract.queues import Queue, QueueAgent
from server.flows.agent_codes import LOGGED_IN, LOGGED_OUT, PAUSED
from server.flows.phone_settings import OFF, ON
from server.flows.places import Errand
from server.switch.port import Sound
from server.switch.simulated import Behaviour
from server.switch.simulated.phones import Dialog
from tests.server.flows.fault_stories import phones_of, with_mobile
from tests.server.flows.office import Office
from tests.server.flows.test_ways import to

Story = Callable[[Office], Coroutine[Any, Any, None]]

SWITCHES = {
    "pair off": ("*591002", "pair", False, ("1002", OFF)),
    "pair on": ("*591002", "pair", True, ("1002", ON)),
    "log in": ("*76400", "logged_in", True, ("6400", LOGGED_IN)),
    "log out": ("*76400", "logged_in", False, ("6400", LOGGED_OUT)),
    "pause": ("*076400", "paused", True, ("6400", PAUSED)),
    "go on": ("*076400", "paused", False, ("6400", ON)),
}
"""What 1003 dials once, what that is about, how it is then, and what 1003 is told."""


def switching(name: str, heard: list[Dialog] | None = None, *, ordered: bool = False) -> Story:
    """1003 dials the code once, or has it dialled; what its phone hears is in `heard`."""
    code, what, after, _ = SWITCHES[name]

    async def story(place: Office) -> None:
        off = ("1002",) if what == "pair" and after else ()
        place.configured.put(Boss(name="1003", secretaries=("1002",), switched_off=off))
        place.configured.put(Queue(number="6400", dynamic_agents=[QueueAgent(extension="1003")]))
        if name != "log in":
            place.agents.switch_own("1003", AgentSwitch(logged_in=True), ["6400"])
        if name == "go on":
            place.agents.switch_own("1003", AgentSwitch(paused=True), ["6400"])
        await place.idle()
        (phone,) = phones_of(place, "1003")
        if ordered:
            await place.control.make("1003", code)
        else:
            dialog = phone.call(code)
            if heard is not None:
                heard.append(dialog)

    return story


def is_switched(place: Office, name: str) -> bool:
    """Whether that is so which 1003 wanted."""
    _, what, after, _ = SWITCHES[name]
    if what == "pair":
        return place.pairs.is_off("1003", "1002") is not after
    (status,) = place.agents.of("1003")
    return getattr(status, what) is after


def words_of(name: str) -> tuple[Sound, ...]:
    number, words = SWITCHES[name][3]
    return (Sound.digits(number), *words)


async def _machines(place: Office) -> None:
    """Everything that may answer by itself, in this office."""
    welcome = Sound.file(Path("/prompts/en-welcome"))
    place.engine.files[Path(welcome.value)] = 20.0
    place.configuration += [
        Prompt(name="welcome"),
        Ivr(number="6500", prompt="welcome", choices=(Choice(key="1", destination=to("extension:1002")),)),
        Conference(number="6600"),
    ]
    place.configured.put(Queue(number="6400", max_wait_s=900))


MACHINES = {
    "menu": "6500",
    "queue": "6400",
    "conference": "6600",
    "own mailbox": "*2",
    "message": "*121002",
}
"""What answers by itself, and by which number it is called."""


def ordering(number: str) -> Story:
    """1003 has a machine called, and stays for a minute."""

    async def story(place: Office) -> None:
        await _machines(place)
        await place.control.make("1003", number)
        await asyncio.sleep(60)

    return story


async def mobile_agent(place: Office) -> None:
    """1003 sends 1001 to a queue, whose agent 1002 answers on the mobile, over the second trunk.

    Only for those whom a colleague has sent there are mobiles rung (PRES-7).
    """
    await with_mobile(place, Behaviour.answers(2.0, hangs_up_after_s=8.0))
    place.configured.put(Queue(number="6400", static_agents=({"extension": "1002"},), agent_timeout_s=5))
    phones_of(place, "1001")[0].call("1003")
    await asyncio.sleep(2)
    for cyril in [phone for phone in phones_of(place, "1003") if phone.calls]:
        cyril.transfer(cyril.calls[0], "6400")
        await asyncio.sleep(4)
        cyril.hang_up(cyril.calls[0])
    for _ in range(20):
        await asyncio.sleep(1)
        if not place.switch.trunks():  # a new server: whoever owns the trunks tells it of them
            await place.switch.push_trunks([*place.engine.trunks.values()])


async def record_greeting(place: Office) -> None:
    """1003 has the own phone called to record a greeting, speaks, and ends that by a key."""
    record = Errand(does="record", greeting="At lunch")
    place.control.serve("1003", place.mailboxes.errand("1003", record, by="1003"), shown="*2")
    (phone,) = phones_of(place, "1003")
    for _ in range(2):  # whoever was asked again says it again
        await asyncio.sleep(20)
        for dialog in phone.calls:
            phone.press(dialog, "#")


async def play_greeting(place: Office) -> None:
    """1003 has a greeting played on the own phone."""
    path = Path("/memory/greeting.wav")
    place.engine.files[path.with_suffix("")] = 5.0
    place.voicemail.greetings.paths["0" * 32] = path
    play = Errand(does="play", greeting="0" * 32)
    place.control.serve("1003", place.mailboxes.errand("1003", play, by="1003"), shown="*2")
    await asyncio.sleep(30)
