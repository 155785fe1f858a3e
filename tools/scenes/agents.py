"""The agent's button and menu, and calls of queues."""

from collections.abc import Callable
from datetime import timedelta

import fakes
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu

from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.agents.menu import AgentMenu, QueueMenu
from linkus_desktop.ui.incoming_window import IncomingWindow
from server.contract.agents import AgentState, AgentStatus
from tools.scenes.desk import LONG, Desk, Scene


def seconds(count: int) -> timedelta:
    """So long ago."""
    return timedelta(seconds=count)


MIXED = (
    fakes.agent("6400", "Support", "available", ago=seconds(723)),
    fakes.agent("6401", "Sales & Orders", "wrap_up", ago=seconds(12)),
    fakes.agent("6402", f"Reception of {LONG}", "paused", reason="Lunch", ago=seconds(1840)),
    fakes.agent("6403", "Emergency line", "busy_elsewhere", dynamic=False, ago=seconds(61)),
    fakes.agent("6404", "Returns", "logged_out", ago=seconds(7204)),
)


def at_work(*agents: AgentStatus, room: str = "phone") -> Desk:
    """Somebody in these queues."""
    world = fakes.World()
    world.tell_agents(*agents)
    return Desk(room, world)


def menu(desk: Desk) -> AgentMenu:
    """The menu of the button."""
    found: AgentMenu = desk.window.toolbar.agent.menu_of_agent
    return found


def opened(desk: Desk, *which: Callable[[AgentMenu], QMenu]) -> Scene:
    """With its menu, and what opens from there, each beside the one before."""

    def show() -> None:
        button = desk.window.toolbar.agent
        whole = menu(desk)
        whole.popup(button.mapToGlobal(QPoint(-160, button.height())))
        before: QMenu = whole
        for find in which:
            below = find(whole)
            before.setActiveAction(below.menuAction())
            place = before.actionGeometry(below.menuAction())
            below.popup(before.mapToGlobal(place.topLeft()))
            below.move(before.mapToGlobal(QPoint(-below.width(), place.top())))
            before = below

    return desk.scene(show)


def line(queue: str) -> Callable[[AgentMenu], QMenu]:
    """The menu of a queue."""

    def found(whole: AgentMenu) -> QueueMenu:
        return whole.lines[queue]

    return found


def agent() -> Scene:
    """Available in some queues; the menu is open."""
    return opened(at_work(*MIXED))


def agent_queue() -> Scene:
    """What can be done in one queue."""
    return opened(at_work(*MIXED), line("6400"))


def agent_reasons() -> Scene:
    """Why to pause."""
    return opened(at_work(*MIXED), lambda whole: whole.pause)


def agent_static() -> Scene:
    """Always logged in, which is shown so."""
    return opened(at_work(*MIXED), line("6403"))


def agent_paused() -> Scene:
    """Paused everywhere."""
    change = {"logged_in": True, "paused": True, "state": AgentState.PAUSED, "reason": "Lunch"}
    paused = (one.model_copy(update=change) for one in MIXED)
    return at_work(*paused).scene()


def agent_ringing() -> Scene:
    """A call of a queue rings."""
    return at_work(fakes.agent("6400", "Support", "ringing", ago=seconds(4))).scene()


def agent_many() -> Scene:
    """Thirty queues."""
    many = (
        fakes.agent(f"64{n:02}", f"Queue number {n}", "available" if n % 3 else "paused") for n in range(30)
    )
    return opened(at_work(*many))


def agent_unknown() -> Scene:
    """The connection is lost."""
    desk = at_work(*MIXED)
    desk.world.session.live.forget()
    return opened(desk)


def agent_failed() -> Scene:
    """What was not done, and why."""
    desk = at_work(*MIXED)
    desk.world.session.api.problem = fakes.PbxError("There is no connection to the server now.")
    return desk.scene(menu(desk).log_out.trigger)


def agent_compact() -> Scene:
    """The lamp stays in the compact window."""
    return at_work(*MIXED).compact().scene()


def queue_call(name: str = "Support") -> fakes.FakeCall:
    """A call of a queue, which rings."""
    call = fakes.FakeCall("1004", "David Kim", CallState.INCOMING)
    call.called_for, call.waiting_since = Party("6400", name), fakes.NOW - seconds(95)
    return call


def incoming_queue() -> Scene:
    """The small window: which queue, how long."""
    return Scene(IncomingWindow(queue_call(), clock=fakes.clock))  # type: ignore[arg-type]


def incoming_queue_long() -> Scene:
    """With a long name."""
    return Scene(IncomingWindow(queue_call(f"Reception of {LONG}"), clock=fakes.clock))  # type: ignore[arg-type]


def agent_call() -> Scene:
    """The card of such a call, beside one that is talked on."""
    desk = at_work(*MIXED)
    desk.world.phone.add(queue_call())
    talked = queue_call(f"Reception of {LONG}")
    desk.world.phone.add(talked)
    talked.turn(CallState.ACTIVE)
    return desk.scene()


def agent_keys() -> Scene:
    """Keys that log in and out and pause."""
    desk = at_work(*MIXED)
    kinds = [
        ("agent_login", "all"),
        ("agent_login", "6404"),
        ("agent_login", "6403"),
        ("agent_login", "6409"),
    ]
    kinds += [("agent_pause", "all"), ("agent_pause", "6402"), ("agent_pause", "6400")]
    desk.world.tell_keys(*kinds)
    return desk.scene()


SCENES: dict[str, Callable[[], Scene]] = {
    scene.__name__.replace("_", "-"): scene
    for scene in (
        agent,
        agent_queue,
        agent_reasons,
        agent_static,
        agent_paused,
        agent_ringing,
        agent_many,
        agent_unknown,
        agent_failed,
        agent_compact,
        agent_call,
        agent_keys,
        incoming_queue,
        incoming_queue_long,
    )
}
DOUBLED = {"agent-paused", "incoming-queue-long", "agent-keys"}
