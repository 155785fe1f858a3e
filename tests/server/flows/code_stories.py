"""Codes that switch something over, and calls that are ordered to machines, as stories to let go wrong."""

from collections.abc import Callable, Coroutine
from typing import Any

from server.contract.agents import AgentSwitch
from server.contract.boss import Boss
from server.contract.queues import Queue, QueueAgent
from server.flows.agent_codes import LOGGED_IN, LOGGED_OUT, PAUSED
from server.flows.phone_settings import OFF, ON
from server.switch.port import Sound
from server.switch.simulated.phones import Dialog
from tests.server.flows.fault_stories import phones_of
from tests.server.flows.office import Office

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
