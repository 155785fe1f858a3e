"""Q-9, LOG-2: the logs of the queues as a table: pages, filters, and what is told live."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from linkus_desktop.pbx.errors import ApiError, NotConnected
from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.pbx.queue_log import PAGE, QueueLogModel
from linkus_desktop.pbx.queue_log_lines import CHANGING, LogFilter, QueueLogColumn, QueueLogRole
from server.contract.agents import CallResult, QueueEnd, QueueLogEntry
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.events import Topic
from server.contract.queue_log import QueueLogPage, QueueLogView
from tests.linkus_desktop.pbx.fake_pbx import NOW

VIEW = QueueLogView(queue="6400", name="Sales", incoming=True, missed=True)
NAMES = {"1002": "Otto Dorn"}


def line(key: int, *, agent: str | None = None, minutes: float = 0, **more: Any) -> QueueLogEntry:
    """A call of Grace that joined so many minutes ago."""
    joined = NOW - timedelta(minutes=minutes or key)
    left = joined + timedelta(seconds=42)
    fields = {
        "id": key,
        "call": f"c{key}",
        "queue": "6400",
        "number": "+420530535333",
        "name": "Grace Hopper",
        "joined": joined,
        "left": left,
        "end": QueueEnd.ANSWERED if agent else QueueEnd.ABANDONED,
        "agent": agent,
        "ended": left + timedelta(seconds=95) if agent else None,
    }
    return QueueLogEntry.model_validate(fields | more)


class FakeApi:
    """Holds its answers back until `answer`."""

    def __init__(self) -> None:
        self.pages: list[QueueLogPage] = []
        self.queries: list[Mapping[str, str | int]] = []
        self.results: list[tuple[str, int, CallResult]] = []
        self.deleted: list[int] = []

    async def queue_log(self, query: Mapping[str, str | int]) -> QueueLogPage:
        self.queries.append(query)
        return self.pages.pop(0)

    async def set_queue_result(self, queue: str, entry: int, result: CallResult) -> None:
        self.results.append((queue, entry, result))

    async def delete_queue_calls(self, ids: Iterable[int]) -> None:
        self.deleted.extend(ids)


class Line:
    """Runs requests when a test says so."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Any, Any, Any]] = []

    def run(self, coro: Any, *, on_done: Any, on_error: Any) -> None:
        """See `pbx.tasks.spawn`."""
        self.waiting.append((coro, on_done, on_error))

    def answer(self, which: int = 0, problem: Exception | None = None) -> None:
        """The request that waits there is answered."""
        coro, on_done, on_error = self.waiting.pop(which)
        if problem is not None:
            coro.close()
            on_error(problem)
            return
        with pytest.raises(StopIteration) as finished:
            coro.send(None)
        on_done(finished.value.value)


class Table:
    """A model with what it stands on."""

    def __init__(self) -> None:
        self.topic: LiveTopic[QueueLogEntry] = LiveTopic(Topic.QUEUE_LOG, QueueLogEntry)
        self.api, self.line = FakeApi(), Line()
        self.failures: list[tuple[str, Any]] = []
        self.model = QueueLogModel(
            self.topic, self.api, lambda number: NAMES.get(number, ""), run=self.line.run
        )
        self.model.failed.connect(lambda text, again: self.failures.append((text, again)))

    def page(self, *lines: QueueLogEntry, further: str | None = None) -> None:
        """The server will answer so."""
        self.api.pages.append(QueueLogPage(entries=list(lines), queues=[VIEW], next=further))

    def open(self, *lines: QueueLogEntry, further: str | None = None) -> None:
        """Somebody looks, and the first page is there."""
        self.page(*lines, further=further)
        self.topic.take_snapshot({})
        self.model.open()
        self.line.answer()

    def tell(self, *lines: QueueLogEntry, gone: Iterable[int] = ()) -> None:
        """The server tells these."""
        for one in lines:
            self.topic.take_delta(str(one.id), one)
        for key in gone:
            self.topic.take_delta(str(key), None)
        self.topic.flush()

    @property
    def ids(self) -> list[int]:
        return [self.model.entry(row).id for row in range(self.model.rowCount())]

    def cell(self, row: int, column: QueueLogColumn) -> str:
        text: str = self.model.index(row, column).data()
        return text


@pytest.fixture
def table(qapp: Any) -> Table:
    """Watched by Qt, whose tester asks for more by itself: not for tests of that."""
    made = Table()
    QAbstractItemModelTester(made.model, QAbstractItemModelTester.FailureReportingMode.Warning, made.model)
    return made


@pytest.fixture
def unwatched(qapp: Any) -> Table:
    return Table()


def test_nothing_is_asked_before_somebody_looks_Q_9(table: Table) -> None:
    table.topic.take_snapshot({})
    table.model.filter(LogFilter(answered=True))
    assert not table.line.waiting
    table.page(line(1, agent="1002"))
    table.model.open()
    assert table.model.loading
    table.line.answer()
    assert (table.ids, table.model.loading, table.model.may_see) == ([1], False, True)
    assert table.api.queries == [{"answered": "true", "limit": PAGE}]


def test_a_row_says_who_where_how_long_and_how_far_it_is_dealt_with_Q_9(table: Table) -> None:
    given = {"result": CallResult.DEALING, "result_by": "1002", "result_at": NOW}
    table.open(
        line(1),
        line(2, agent="1002"),
        line(3, **given),
        line(4, **given, automatic=True),
        line(5, name="", end=QueueEnd.FAILED_OVER, queue="6409"),
    )
    texts = [table.cell(0, column) for column in QueueLogColumn]
    assert texts[:4] == ["Abandoned", "Grace Hopper", "+420530535333", "Sales"]
    assert texts[5:] == ["", "0:00:42", "", "Not dealt with"]
    assert [table.cell(1, column) for column in QueueLogColumn][5:] == ["Otto Dorn", "0:00:42", "0:01:35", ""]
    assert table.cell(2, QueueLogColumn.RESULT) == "Dealing · Otto Dorn"
    assert table.cell(3, QueueLogColumn.RESULT) == "Dealing · Otto Dorn · automatic"
    assert [table.cell(4, c) for c in (0, 1, 3)] == ["Timed out", "+420530535333", "6409"]
    keys = [table.model.index(row, QueueLogColumn.RESULT).data(QueueLogRole.SORT) for row in range(4)]
    assert keys == [0.0, -1.0, 1.0, 1.0]


@pytest.mark.parametrize("end", QueueEnd)
def test_each_end_of_the_waiting_has_its_word_Q_9(table: Table, end: QueueEnd) -> None:
    talked = end in {QueueEnd.ANSWERED, QueueEnd.PICKED_UP}
    table.open(line(1, agent="1002" if talked else None, end=end))
    words = {"answered": "Answered", "picked_up": "Picked up", "abandoned": "Abandoned"}
    words |= {"failed_over": "Timed out", "left": "Left queue"}
    assert table.cell(0, QueueLogColumn.END) == words[end]
    assert table.cell(0, QueueLogColumn.AGENT) == ("Otto Dorn" if talked else "")


def test_older_lines_come_by_pages_and_none_twice_Q_9(unwatched: Table) -> None:
    unwatched.open(line(1), line(2), further="9-2")
    assert unwatched.model.canFetchMore()
    unwatched.page(line(2), line(3))
    unwatched.model.fetchMore()
    unwatched.model.fetchMore()
    assert len(unwatched.line.waiting) == 1, "one at a time"
    unwatched.line.answer()
    assert unwatched.api.queries[-1] == {"limit": PAGE, "before": "9-2"}
    assert (unwatched.ids, unwatched.model.canFetchMore()) == ([1, 2, 3], False)


def test_what_is_told_takes_its_place_changes_and_goes_Q_9(table: Table) -> None:
    table.open(line(2), line(4))
    table.tell(line(1), line(3), line(4, agent="1002"))
    assert table.ids == [1, 2, 3, 4]
    assert table.cell(3, QueueLogColumn.END) == "Answered"
    table.tell(gone=[2])
    assert table.ids == [1, 3, 4]


def test_a_line_older_than_what_is_there_waits_for_its_page_Q_9(unwatched: Table) -> None:
    unwatched.open(line(1), line(2), further="9-2")
    unwatched.tell(line(3))
    assert unwatched.ids == [1, 2]
    unwatched.page(line(3), line(4))
    unwatched.model.fetchMore()
    unwatched.line.answer()
    assert unwatched.ids == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (LogFilter(), [1, 2, 3]),
        (LogFilter(answered=True), [2]),
        (LogFilter(answered=False), [1, 3]),
        (LogFilter(result=CallResult.NOT_DEALT), [1]),
        (LogFilter(result=CallResult.DEALT), [3]),
        (LogFilter(since=NOW - timedelta(minutes=2)), [1, 2]),
        (LogFilter(until=NOW - timedelta(minutes=2)), [3]),
        (LogFilter(queue="6400"), [1, 2]),
        (LogFilter(text="LAMARR"), [3]),
        (LogFilter(text="0530"), [1, 2, 3]),
    ],
)
def test_what_is_told_must_fit_the_filter_as_the_server_has_it_Q_9(
    table: Table, wanted: LogFilter, fits: list[int]
) -> None:
    table.open()
    table.page()
    table.model.filter(wanted)
    if table.line.waiting:
        table.line.answer()
    dealt = {"result": CallResult.DEALT, "result_by": "1002", "result_at": NOW}
    table.tell(line(1), line(2, agent="1002"), line(3, name="Hedy Lamarr", queue="6401", **dealt))
    assert table.ids == fits


def test_a_line_that_fits_no_longer_leaves_Q_9(table: Table) -> None:
    table.open()
    table.page(line(1), line(2))
    table.model.filter(LogFilter(result=CallResult.NOT_DEALT))
    table.line.answer()
    table.tell(line(1, result=CallResult.DEALING, result_by="1002", result_at=NOW))
    assert table.ids == [2]


def test_an_answer_to_an_older_filter_is_of_no_use_Q_9(table: Table) -> None:
    table.open()
    table.page(line(1))
    table.page(line(2, agent="1002"))
    table.model.filter(LogFilter(answered=False))
    table.model.filter(LogFilter(answered=True))
    table.line.answer()
    assert (table.ids, table.model.loading) == ([], True)
    table.line.answer()
    assert table.ids == [2]


def test_what_is_told_while_a_page_is_on_its_way_is_not_lost_Q_9(table: Table) -> None:
    table.open(line(2))
    table.page(line(2))
    table.model.reload()
    table.tell(line(1), line(2, result=CallResult.DEALT, result_by="1002", result_at=NOW))
    table.line.answer()
    assert table.ids == [1, 2]
    assert table.cell(1, QueueLogColumn.RESULT).startswith("Dealt with")


def test_after_a_lost_connection_everything_is_asked_anew_and_rows_stay_meanwhile_KEY_5(table: Table) -> None:
    table.open(line(1), line(2))
    table.topic.forget()
    assert (table.ids, table.model.known) == ([1, 2], False)
    table.page(line(3), line(2))
    table.topic.take_snapshot({})
    assert table.ids == [1, 2]
    table.line.answer()
    assert (table.ids, table.model.known) == ([3, 2], True)


def test_a_page_that_does_not_come_says_why_and_can_be_asked_again_Q_9(table: Table) -> None:
    table.model.open()
    table.line.answer(problem=NotConnected("The network is down."))
    assert (table.model.problem, table.model.loading) == (str(NotConnected("The network is down.")), False)
    table.page(line(1))
    table.model.reload()
    assert (table.model.problem, table.model.loading) == ("", True)
    table.line.answer()
    assert table.ids == [1]


def test_a_result_is_shown_once_the_server_says_so_Q_9(table: Table) -> None:
    table.open(line(1), line(2, agent="1002"), line(3, result=CallResult.DEALING))
    table.model.set_result([1, 2, 3, 99], CallResult.DEALING)
    assert table.cell(0, QueueLogColumn.RESULT) == CHANGING
    table.line.answer()
    assert not table.line.waiting, "answered calls need nobody, and no change is none"
    assert table.api.results == [("6400", 1, CallResult.DEALING)]
    assert table.cell(0, QueueLogColumn.RESULT) == "Not dealt with"
    table.tell(line(1, result=CallResult.DEALING, result_by="1002", result_at=NOW))
    assert table.cell(0, QueueLogColumn.RESULT) == "Dealing · Otto Dorn"


def test_of_several_results_each_failure_is_told_once_all_are_answered_Q_9(table: Table) -> None:
    told = []
    table.model.done.connect(lambda: told.append("done"))
    table.open(line(1), line(2), line(3))
    table.model.set_result([1, 2, 3], CallResult.DEALT)
    table.line.answer(problem=NotConnected("The network is down."))
    table.line.answer()
    assert (table.failures, told) == ([], []), "the success of one does not hide that another has failed"
    table.line.answer(problem=NotConnected("The network is down."))
    text, again = table.failures.pop()
    assert text.startswith("2 processing results were not changed. ")
    again()
    assert len(table.line.waiting) == 2, "what was done is not done again"
    table.line.answer()
    table.line.answer()
    assert (table.failures, told) == ([], ["done"])
    assert table.api.results == [("6400", key, CallResult.DEALT) for key in (2, 1, 3)]


def test_a_result_that_was_not_taken_says_so_and_may_be_tried_again_Q_9(table: Table) -> None:
    table.open(line(1))
    table.model.set_result([1], CallResult.DEALT)
    table.line.answer(problem=NotConnected("The network is down."))
    text, again = table.failures.pop()
    assert text.startswith("The processing result was not changed. ")
    assert "The network is down." in text
    again()
    refusal = ApiError(403, ErrorBody(code=ErrorCode.FORBIDDEN, message="You may not."))
    table.line.answer(problem=refusal)
    assert table.failures == [("The processing result was not changed. You may not.", None)]


async def test_a_deleted_call_leaves_when_the_server_says_so_Q_9(table: Table) -> None:
    table.open(line(1, agent="1002"), line(2))
    await table.model.delete([1])
    await table.model.delete([])
    assert (table.api.deleted, table.ids) == ([1], [1, 2])
    table.tell(gone=[1])
    assert table.ids == [2]
