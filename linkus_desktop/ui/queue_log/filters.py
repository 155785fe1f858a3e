"""What the queues' log is filtered by: kind, dates, processing result, queue, name or number."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from enum import Enum

from PySide6.QtCore import QDate, QEvent, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QLineEdit, QWidget

from linkus_desktop.pbx.queue_log_lines import RESULT_TEXTS, LogFilter
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.buttons import WordButton
from linkus_desktop.ui.widgets.date_box import DateBox
from linkus_desktop.ui.widgets.elided_box import ElidedBox
from linkus_desktop.ui.widgets.frames import columns, frame, rows
from server.contract.agents import CallResult
from server.contract.queue_log import QueueLogView

TYPING_MS = 250
"""So long after the last key the server is asked."""


class Kind(Enum):
    """Which calls: all, those that an agent has answered, or those that nobody has; the value is the word."""

    ALL = "All"
    INCOMING = "Incoming"
    MISSED = "Missed"

    @property
    def answered(self) -> bool | None:
        """As `LogFilter` has it."""
        return {Kind.ALL: None, Kind.INCOMING: True, Kind.MISSED: False}[self]


class Dates(Enum):
    """From when; the value is the word."""

    ALL = "All dates"
    TODAY = "Today"
    YESTERDAY = "Yesterday"
    WEEK = "Last 7 days"
    MONTH = "Last 30 days"
    CUSTOM = "From … to …"

    def days(self, today: date) -> tuple[date, date] | None:
        """The first and the last day; None: not by themselves."""
        back = {Dates.TODAY: 0, Dates.YESTERDAY: 1, Dates.WEEK: 6, Dates.MONTH: 29}.get(self)
        if back is None:
            return None
        first = today - timedelta(days=back)
        return first, (first if self is Dates.YESTERDAY else today)


class FilterBar(QWidget):
    """Two lines of controls; the second has room for buttons at its right (`buttons`).

    Signals: changed(object LogFilter).
    """

    changed = Signal(object)

    def __init__(self, clock: Callable[[], datetime], *, typing_ms: int = TYPING_MS) -> None:
        super().__init__()
        self._clock = clock
        self.kinds: dict[Kind, WordButton] = {}
        end = Qt.TextElideMode.ElideRight
        self.dates, self.result, self.queue = ElidedBox(13, end), ElidedBox(13, end), ElidedBox(13)
        self.first, self.last = DateBox("First day"), DateBox("Last day")
        self._names: dict[QComboBox, str] = {
            self.queue: "Queue",
            self.result: "Processing result",
            self.dates: "Dates",
        }
        self.search = QLineEdit()
        self.buttons = columns(gap=8)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(typing_ms)
        self._typing.timeout.connect(self._tell)
        self._minute = QTimer(self, interval=60_000)
        self._minute.timeout.connect(self._look_at_the_day)
        self._told = LogFilter()
        self._build()

    def wanted(self) -> LogFilter:
        """What the controls say."""
        kind = next(kind for kind, button in self.kinds.items() if button.isChecked())
        since, until = self._period()
        result = self.result.currentData()  # Qt gives it back as plain text
        return LogFilter(
            answered=kind.answered,
            since=since,
            until=until,
            result=CallResult(result) if result else None,
            queue=self.queue.currentData() or "",
            text=self.search.text().strip(),
        )

    def clear(self) -> None:
        """Want everything."""
        for control in (self.dates, self.result, self.queue):
            with QSignalBlocker(control):
                control.setCurrentIndex(0)
        with QSignalBlocker(self.search):
            self.search.clear()
        self.kinds[Kind.ALL].setChecked(True)
        self._on_dates()

    def set_views(self, views: Iterable[QueueLogView]) -> None:
        """Offer the queues of which one may see something, and the kinds that there can be."""
        known = list(views)
        chosen = self.queue.currentData()
        with QSignalBlocker(self.queue):
            self.queue.clear()
            self.queue.addItem("All queues", "")
            for view in known:
                self.queue.addItem(f"{view.name} ({view.queue})" if view.name else view.queue, view.queue)
            self.queue.setCurrentIndex(max(0, self.queue.findData(chosen)))
        self.queue.setVisible(len(known) > 1)
        both = any(view.incoming for view in known) and any(view.missed for view in known)
        for kind, button in self.kinds.items():
            button.setVisible(kind is Kind.ALL or both)

    def tell_now(self) -> None:
        """Do not wait for more keys."""
        if self._typing.isActive():
            self._typing.stop()
            self._tell()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_lens"):
            self._lens.setIcon(icon("search", tokens(self).muted))

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks: *Today* is another day after midnight."""
        super().showEvent(event)
        self._look_at_the_day()
        self._minute.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._minute.stop()

    def _build(self) -> None:
        head = frame("bar")
        lines = rows(head, gap=8)
        lines.setContentsMargins(16, 12, 16, 12)
        above, below = columns(gap=8), columns(gap=8)
        lines.addLayout(above)
        lines.addLayout(below)
        group = QButtonGroup(self)
        for kind in Kind:
            button = WordButton(kind.value, tip=_TIPS[kind])
            button.setCheckable(True)
            button.setChecked(kind is Kind.ALL)
            button.clicked.connect(self._tell)
            group.addButton(button)
            self.kinds[kind] = button
            above.addWidget(button)
        above.addSpacing(8)
        self._build_choices()
        for control in (self.queue, self.result, self.dates, self.first, self.last):
            above.addWidget(control)
        above.addStretch(1)
        self.search.setProperty("quiet", "true")
        self.search.setPlaceholderText("Search name or number")
        self.search.setAccessibleName("Search the queue call log")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(280)
        self.search.setMaxLength(64)
        self._lens = self.search.addAction(
            icon("search", tokens(self).muted), QLineEdit.ActionPosition.LeadingPosition
        )
        self.search.textChanged.connect(self._on_text)
        self.search.returnPressed.connect(self.tell_now)
        below.addWidget(self.search, 100)
        below.addStretch(1)
        below.addLayout(self.buttons)
        rows(self).addWidget(head)

    def _build_choices(self) -> None:
        for dates in Dates:
            self.dates.addItem(dates.value, dates)
        self.result.addItem("Any result", None)
        for result in CallResult:
            self.result.addItem(RESULT_TEXTS[result], result)
        for combo, name in self._names.items():
            combo.setAccessibleName(name)
            combo.setMinimumWidth(96)
        self.queue.addItem("All queues", "")
        self.queue.hide()
        today = _as_qdate(self._clock().astimezone().date())
        for edit, day in ((self.first, today.addDays(-6)), (self.last, today)):
            edit.setDate(day)
            edit.hide()
            edit.dateChanged.connect(self._on_day)
        self._follow_tips()
        for combo in self._names:
            combo.currentIndexChanged.connect(self._follow_tips)
        self.queue.currentIndexChanged.connect(self._tell)
        self.result.currentIndexChanged.connect(self._tell)
        self.dates.currentIndexChanged.connect(self._on_dates)

    def _period(self) -> tuple[datetime | None, datetime | None]:
        dates: Dates = self.dates.currentData()
        if dates is Dates.CUSTOM:
            chosen = sorted((_as_date(self.first.date()), _as_date(self.last.date())))
            return _midnight(chosen[0]), _midnight(chosen[1] + timedelta(days=1))
        days = dates.days(self._clock().astimezone().date())
        if days is None:
            return None, None
        ends = dates is Dates.YESTERDAY
        return _midnight(days[0]), (_midnight(days[1] + timedelta(days=1)) if ends else None)

    def _on_dates(self, *_: object) -> None:
        custom = self.dates.currentData() is Dates.CUSTOM
        self.first.setVisible(custom)
        self.last.setVisible(custom)
        self._tell()

    def _on_day(self, *_: object) -> None:
        self._typing.start()

    def _on_text(self, *_: object) -> None:
        self._typing.start()

    def _look_at_the_day(self) -> None:
        if not self._typing.isActive() and self.wanted() != self._told:
            self._tell()

    def _follow_tips(self) -> None:
        """What is elided is told in full."""
        for combo, name in self._names.items():
            combo.setToolTip(f"{name}: {combo.currentText()}")

    def _tell(self, *_: object) -> None:
        self._typing.stop()
        self._told = self.wanted()
        self.changed.emit(self._told)


_TIPS = {
    Kind.ALL: "Show all calls of your queues",
    Kind.INCOMING: "Show calls that an agent has answered",
    Kind.MISSED: "Show calls that nobody has answered",
}


def _midnight(day: date) -> datetime:
    """When a day begins here."""
    return datetime.combine(day, time.min).astimezone()


def _as_date(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())


def _as_qdate(day: date) -> QDate:
    return QDate(day.year, day.month, day.day)
