"""The Queue tab of the call logs."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import fakes
from PySide6.QtCore import QItemSelectionModel

from linkus_desktop.ui.call_log.workspace import QUEUE, CallLogWorkspace
from linkus_desktop.ui.queue_log.page import QueueLogPage
from server.contract.agents import CallResult, QueueEnd, QueueLogEntry
from server.contract.queue_log import QueueLogView
from tests.linkus_desktop.ui.fake_queues import queue_line, queue_view
from tools.scenes.desk import LONG, Desk, Scene


def ago(**time: float) -> timedelta:
    """So long ago."""
    return timedelta(**time)


def dealt(
    result: CallResult, by: str = "1002", *, automatic: bool = False, **time: float
) -> dict[str, object]:
    """What is so of a call that somebody has dealt with."""
    at = fakes.NOW - ago(**time)
    return {"result": result, "result_by": by, "result_at": at, "automatic": automatic}


LINES = (
    queue_line(ago=ago(minutes=4), missed=("1004", "1002", "1004")),
    queue_line("+442079460018", "Hedy Lamarr", by="1001", ago=ago(minutes=18)),
    queue_line("+420221770077", "Ada Byron", ago=ago(minutes=40), **dealt(CallResult.DEALING, minutes=9)),
    queue_line(
        "+420221770077",
        "Ada Byron",
        ago=ago(hours=1, minutes=2),
        **dealt(CallResult.DEALING, minutes=9, automatic=True),
    ),
    queue_line(
        "+4930901820",
        "Konrad Zuse",
        queue="6401",
        ago=ago(hours=2),
        waited=ago(minutes=10),
        end=QueueEnd.FAILED_OVER,
        **dealt(CallResult.DEALT, hours=1),
    ),
    queue_line("1007", "Grace Okafor", by="1002", ago=ago(hours=3), talked=ago(minutes=31)),
    queue_line("+14155550123", "", queue="6401", ago=ago(hours=4), end=QueueEnd.LEFT),
    queue_line("+33142685300", "Sophie Germain", by="1005", ago=ago(days=1)),
    queue_line(
        "+41446323333",
        "Emmy Noether",
        ago=ago(days=1, hours=2),
        **dealt(CallResult.DEALT, "1005", hours=20),
    ),
    queue_line("+4316011", "Lise Meitner", by="1003", queue="6401", ago=ago(days=3), end=QueueEnd.PICKED_UP),
)
VIEWS = (queue_view(), queue_view("6401", "Sales & Orders"))


def log(
    lines: Iterable[QueueLogEntry] = LINES,
    views: Iterable[QueueLogView] = VIEWS,
    problem: Exception | None = None,
) -> Desk:
    """The log of somebody who may see everything."""
    desk = Desk()
    desk.world.tell_agents(fakes.agent())
    desk.world.tell_queue_log(*lines, views=views)
    desk.world.session.api.problem = problem
    desk.window.open_room("call_log")
    return desk


def page(desk: Desk) -> QueueLogPage:
    """The tab."""
    room = desk.room
    if not isinstance(room, CallLogWorkspace) or room.queue_page is None:
        raise TypeError("this is not the call log")
    return room.queue_page


def shown(desk: Desk, then: Callable[[QueueLogPage], object] = lambda _: None) -> Scene:
    """The tab is open, and what happens then."""
    page(desk).log._run = fakes.at_once  # the made-up server does not let anybody wait

    def show() -> None:
        room = desk.room
        if isinstance(room, CallLogWorkspace):
            room.tabs.setCurrentIndex(QUEUE)
        then(page(desk))

    return desk.scene(show)


def select(*rows: int) -> Callable[[QueueLogPage], None]:
    """Select these rows."""

    def chosen(on: QueueLogPage) -> None:
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in rows:
            on.table.selectionModel().setCurrentIndex(on.rows.index(row, 0), flags)

    return chosen


def results(on: QueueLogPage) -> None:
    """The menu of the results is open."""
    select(2)(on)
    on.table.open_result_menu()


def context(on: QueueLogPage) -> None:
    """What can be done with an own call."""
    select(1)(on)
    menu = on.table.menu()
    cell = on.table.visualRect(on.table.currentIndex())
    menu.popup(on.table.viewport().mapToGlobal(cell.center()))


def filtered(on: QueueLogPage) -> None:
    """Nothing fits."""
    on.filters.dates.setCurrentIndex(on.filters.dates.count() - 1)
    on.filters.search.setText("nobody of that name")
    on.filters.tell_now()


def long_names() -> Scene:
    """Names that do not fit."""
    lines = [
        queue_line(name=LONG, **dealt(CallResult.DEALING, minutes=2, automatic=True)),
        queue_line("+44207946001812345", LONG, by="1002", ago=ago(minutes=12)),
    ]
    desk = log(lines, [queue_view(name=f"Reception of {LONG}"), queue_view("6401")])
    desk.window.resize(880, 560)
    return shown(desk, select(0))


def forbidden() -> Scene:
    """An agent who may see no log."""
    desk = log(())
    desk.world.session.api.queue_views = []
    return shown(desk)


def offline() -> Scene:
    """The connection is lost; what is there stays."""
    desk = log()
    return shown(desk, lambda _: desk.world.session.live.forget())


SCENES: dict[str, Callable[[], Scene]] = {
    "queue-log": lambda: shown(log(), select(2)),
    "queue-log-results": lambda: shown(log(), results),
    "queue-log-context": lambda: shown(log(), context),
    "queue-log-filtered": lambda: shown(log(), filtered),
    "queue-log-long": long_names,
    "queue-log-offline": offline,
    "queue-log-empty": lambda: shown(log(())),
    "queue-log-forbidden": forbidden,
    "queue-log-error": lambda: shown(log(problem=fakes.PbxError("There is no connection to the server."))),
    "queue-log-undo": lambda: shown(log(), lambda on: (select(1)(on), on.delete_selected())),
}
DOUBLED = {"queue-log", "queue-log-long"}
