"""How the call sounds: a small sign with a word, details on demand, and a warning when it is bad (SIP-8)."""

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QGridLayout, QLabel

from linkus_desktop.sip.quality import BadSpell
from linkus_desktop.sip.values import Quality
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_SMALL, Tokens
from linkus_desktop.ui.widgets.frames import rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.message import Message

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call

_BARS, _BAR, _BAR_GAP, _HEIGHT, _EDGE = 4, 3, 2, 20, 3
_WIDE = _BARS * (_BAR + _BAR_GAP) - _BAR_GAP
_NOTICEABLE_LOSS, _NOTICEABLE_TRIP_MS, _NOTICEABLE_JITTER_MS = 2.0, 400.0, 40.0
NOTHING = 100.0
"""Loss in per cent at which nothing arrives."""
_UNKNOWN = "not told yet"


class Grade(Enum):
    """A quality in a word, with the least MOS: users are satisfied, some are not, many (G.109, table 1)."""

    GOOD = (4.03, "Good", 4)
    FAIR = (3.6, "Fair", 3)
    POOR = (3.1, "Poor", 2)
    BAD = (0.0, "Bad", 1)

    def __init__(self, least: float, word: str, bars: int) -> None:
        self.least, self.word, self.bars = least, word, bars

    @staticmethod
    def of(quality: Quality) -> "Grade":
        """The grade of the worse direction."""
        return Grade.of_score(quality.worst)

    @staticmethod
    def of_score(mos: float) -> "Grade":
        """The grade of a mean opinion score."""
        return next(grade for grade in Grade if mos >= grade.least)


def reasons(quality: Quality) -> str:
    """What is wrong with the sound, in sentences; what to do about it stands last."""
    if quality.loss_received >= NOTHING:
        return "Nothing is heard from the other end. Ask whether they hear you, or call again."
    found = []
    if quality.loss_received >= _NOTICEABLE_LOSS:
        found.append(f"{quality.loss_received:.0f}\u00a0% of what they say is lost.")
    if quality.loss_sent is not None and quality.loss_sent >= _NOTICEABLE_LOSS:
        found.append(f"{quality.loss_sent:.0f}\u00a0% of what you say is lost.")
    if quality.round_trip_ms is not None and quality.round_trip_ms >= _NOTICEABLE_TRIP_MS:
        found.append(f"Sound takes {quality.round_trip_ms / 1000:.1f}\u00a0s there and back.")
    if quality.jitter_ms >= _NOTICEABLE_JITTER_MS:
        found.append("Sound arrives irregularly.")
    return " ".join([*found, "A cable instead of Wi-Fi, or stopping downloads, may help."])


def facts(quality: Quality) -> list[tuple[str, str]]:
    """Name and value of all figures, for people."""
    sent = _UNKNOWN if quality.loss_sent is None else f"{quality.loss_sent:.1f} % lost"
    trip = _UNKNOWN if quality.round_trip_ms is None else f"{quality.round_trip_ms:.0f} ms"
    heard = "nothing arrives" if quality.loss_received >= NOTHING else f"{quality.loss_received:.1f} % lost"
    return [
        ("Estimate", f"{Grade.of(quality).word}, {quality.worst:.1f} of 4.4"),
        ("What you hear", heard),
        ("What they hear", sent),
        ("Jitter", f"{quality.jitter_ms:.0f} ms"),
        ("Round trip", trip),
        ("Codec", f"{quality.codec}, {'encrypted' if quality.encrypted else 'not encrypted'}"),
    ]


class QualityDetails(QFrame):
    """All figures; goes with a click elsewhere or Escape."""

    def __init__(self, parent: "QualitySign") -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setProperty("role", "popup")
        self.setAccessibleName("Sound of this call")
        self._values: dict[str, QLabel] = {}
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)  # values stand beside their names, however long the foot is
        layout = rows(self, margin=16, gap=8)
        layout.addWidget(label("Sound of this call", "title"))
        layout.addLayout(self._grid)
        foot = label("Estimated from the last seconds, by the E-model (ITU-T G.107).", "small", muted=True)
        layout.addWidget(foot)

    def follow(self, quality: Quality) -> None:
        """Show these figures."""
        told = facts(quality)
        for name, value in told:
            if name not in self._values:
                at = self._grid.rowCount()
                self._grid.addWidget(label(name, muted=True), at, 0)
                self._values[name] = label()
                self._grid.addWidget(self._values[name], at, 1)
            self._values[name].setText(value)
        self.setAccessibleDescription(". ".join(f"{name}: {value}" for name, value in told))


class QualitySign(QAbstractButton):
    """Bars and a word; a press shows the figures. Hidden while there is nothing to measure."""

    def __init__(self) -> None:
        super().__init__()
        self.grade = Grade.GOOD
        self.details = QualityDetails(self)
        self.setFont(sized(self.font(), TYPE_SMALL))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._on_clicked)
        self.hide()

    def follow(self, quality: Quality | None) -> None:
        """Show this quality; None: nothing."""
        self.setVisible(quality is not None)
        if quality is None:
            self.details.hide()
            return
        grade = Grade.of(quality)
        if grade is not self.grade:
            self.grade = grade
            self.update()
        self.setAccessibleName(f"Sound quality: {grade.word.lower()}. Show details")
        lines = "\n".join(f"{name}: {value}" for name, value in facts(quality))
        self.setToolTip(f"Sound quality\n{lines}")
        self.details.follow(quality)

    def sizeHint(self) -> QSize:
        """The longest word, bars, and a ring around both: nothing shifts when the grade changes."""
        word = max(self.fontMetrics().horizontalAdvance(grade.word) for grade in Grade)
        return QSize(_EDGE + word + _EDGE + 2 + _WIDE + _EDGE, _HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The grade's word, and as many bars as it has, below the end of the timer."""
        painter, t = QPainter(self), tokens(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.underMouse() or self.isDown():
            painter.setBrush(QColor(t.hover))
            painter.drawRoundedRect(self.rect(), 4, 4)
        colour = _colour(self.grade, t)
        first = self.width() - _EDGE - _WIDE
        for i in range(_BARS):
            high = 4 + 2 * i
            painter.setBrush(QColor(colour if i < self.grade.bars else t.border))
            x = first + i * (_BAR + _BAR_GAP)
            painter.drawRoundedRect(QRectF(x, self.height() / 2 + 5 - high, _BAR, high), 1, 1)
        painter.setPen(QColor(colour))
        where = QRect(0, 0, first - _EDGE - 2, self.height())
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self.grade.word)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(t.accent))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _on_clicked(self) -> None:
        self.details.adjustSize()
        corner = self.mapToGlobal(QPoint(self.width() - self.details.width(), self.height() + 4))
        self.details.move(max(0, corner.x()), corner.y())
        self.details.show()


class CallQuality(QObject):
    """Watches one call.

    Attributes:
        sign: to be placed beside the timer. warning: to be placed below; hidden while all is well.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sign = QualitySign()
        self.warning = Message(closable=True)
        self._spell = BadSpell()
        self._told = False

    def follow(self, call: "Call", now: datetime) -> None:
        """Measure; to be called once a second."""
        quality = call.quality()
        self.sign.follow(quality)
        if quality is None:
            self._spell, self._told = BadSpell(), False
            self.warning.clear()
            return
        bad = self._spell.take(now.timestamp(), quality.worst)
        if bad and not self._told:
            self.warning.say(f"The sound of this call is bad. {reasons(quality)}", warning=True)
        elif not bad and self._told:
            self.warning.clear()
        self._told = bad


def _colour(grade: Grade, t: Tokens) -> str:
    return {Grade.POOR: t.warning_text, Grade.BAD: t.danger_text}.get(grade, t.muted)
