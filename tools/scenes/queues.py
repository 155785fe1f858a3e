"""The Queues room of a manager."""

from collections.abc import Callable
from datetime import timedelta

import fakes

from linkus_desktop.ui.queues.workspace import QueuesWorkspace
from server.contract.queue_board import QueueBoard
from tests.linkus_desktop.ui.fake_queues import board, waiting_caller
from tools.scenes.desk import LONG, Desk, Scene


def seconds(count: int) -> timedelta:
    """So long ago."""
    return timedelta(seconds=count)


TODAY = {
    "calls": 148,
    "answered": 131,
    "abandoned": 12,
    "failed_over": 4,
    "left": 1,
    "service_level": 0.874,
    "service_level_all": 0.81,
    "mean_answer_s": 17.0,
    "longest_wait_s": 412.0,
}
CALLERS = (
    waiting_caller(ago=seconds(75), ringing=("1004",)),
    waiting_caller("+442079460018", "Hedy Lamarr", position=2, ago=seconds(31)),
    waiting_caller("+14155550123", "", position=3, ago=seconds(8)),
)
AGENTS = (
    fakes.agent(extension="1001", state="available", ago=seconds(312)),
    fakes.agent(extension="1002", state="talking", ago=seconds(254)),
    fakes.agent(extension="1003", state="paused", reason="Lunch", ago=seconds(1803)),
    fakes.agent(extension="1004", state="ringing", ago=seconds(6), dynamic=False),
    fakes.agent(extension="1005", state="wrap_up", ago=seconds(22)),
    fakes.agent(extension="1006", state="unreachable", ago=seconds(4000)),
    fakes.agent(extension="1007", state="logged_out", ago=seconds(60_000)),
)
STATES = {
    "available": 1, "talking": 1, "paused": 1, "ringing": 1, "wrap_up": 1, "unreachable": 1, "logged_out": 1
}  # fmt: skip
BOARDS = (
    board("6400", "Support", *CALLERS, agents=STATES, talking=1, **TODAY),
    board("6401", "Sales & Orders", agents={"available": 4, "talking": 2}, talking=2, calls=31,
                answered=31, service_level=1.0, service_level_all=1.0, mean_answer_s=4.0),
    board("6402", "Returns"),
)  # fmt: skip


def at_work(boards: tuple[QueueBoard, ...] = BOARDS) -> Desk:
    """A manager of these queues."""
    world = fakes.World()
    world.tell_agents(*AGENTS)
    world.tell_boards(*boards)
    return Desk("queues", world)


def room(desk: Desk) -> QueuesWorkspace:
    """The room."""
    found = desk.room
    if not isinstance(found, QueuesWorkspace):
        raise TypeError("this is not the room of queues")
    return found


def agents_menu() -> Scene:
    """What can be done for somebody who pauses."""
    desk = at_work()

    def show() -> None:
        panel = room(desk).agents
        panel.table.setCurrentIndex(panel.table.model().index(2, 0))
        menu = panel.menu()
        cell = panel.table.visualRect(panel.table.currentIndex())
        menu.popup(panel.table.viewport().mapToGlobal(cell.bottomLeft()))

    return desk.scene(show)


def long_names() -> Scene:
    """Names that do not fit, and more callers than are named, in the narrowest window."""
    caller = waiting_caller("+44207946001812345", LONG, ago=seconds(4000), ringing=("1002", "1004"))
    desk = at_work((board("6400", f"Reception of {LONG}", caller, more=212, agents=STATES, **TODAY),))
    desk.window.resize(880, 560)
    return desk.scene()


def offline() -> Scene:
    """The connection is lost."""
    desk = at_work()
    return desk.scene(desk.world.session.live.forget)


def failed() -> Scene:
    """An order that the server has not got."""
    desk = at_work()
    desk.world.session.api.problem = fakes.PbxError("There is no connection to the server now.")

    def press() -> None:
        panel = room(desk).agents
        panel.table.setCurrentIndex(panel.table.model().index(2, 0))
        panel.resume.click()

    return desk.scene(press)


SCENES: dict[str, Callable[[], Scene]] = {
    "queues": lambda: at_work().scene(),
    "queues-agents": agents_menu,
    "queues-quiet": lambda: at_work((board(),)).scene(),
    "queues-long": long_names,
    "queues-offline": offline,
    "queues-failed": failed,
    "queues-none": lambda: at_work(()).scene(),
}
DOUBLED = {"queues", "queues-long"}
