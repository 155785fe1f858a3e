"""The figures of one queue, large enough to be read across a desk."""

from datetime import datetime

from PySide6.QtWidgets import QLabel, QWidget

from linkus_desktop.ui.queues.columns import passed, share, too_long
from linkus_desktop.ui.texts import duration
from linkus_desktop.ui.widgets.frames import columns, restyle, rows
from linkus_desktop.ui.widgets.labels import label
from server.contract.queue_board import QueueBoard


class Figures(QWidget):
    """Pairs of a value and what it is, side by side; a wait that is too long says so."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, QLabel] = {}
        self._captions: dict[str, QLabel] = {}
        layout = columns(self, gap=8)
        for key in ("Waiting", "Longest wait", "In a call", "Service level", "Of all calls", "Answered",
                    "Abandoned", "Average wait"):  # fmt: skip
            value, caption = label("–", "title"), label(key, "small", muted=True)
            pair = rows(gap=2)
            pair.addWidget(value)
            pair.addWidget(caption)
            layout.addLayout(pair, 1)
            self.values[key], self._captions[key] = value, caption

    def follow(self, board: QueueBoard | None, now: datetime, *, known: bool = True) -> None:
        """Show this board; None: there is none. Not `known`: it may be different by now."""
        if board is None:
            for key in self.values:
                self._say(key, "–")
            return
        today = board.today
        late = known and too_long(board, now)
        self._say("Waiting", str(board.waiting))
        self._say("Longest wait", (passed(board.longest_since, now) if known else "") or "–", late=late)
        self._say("In a call", str(board.talking))
        self._say("Service level", share(today.service_level))
        self._say("Of all calls", share(today.service_level_all))
        self._say("Answered", str(today.answered))
        self._say("Abandoned", str(today.abandoned))
        self._say("Average wait", duration(today.mean_answer_s) if today.answered else "–")
        within = f"within {board.service_level_s} s"
        self.values["Service level"].setToolTip(f"Of today's answered calls, those answered {within}")
        self.values["Of all calls"].setToolTip(f"Of all of today's calls, answered or abandoned {within}")
        self._captions["Longest wait"].setText("Too long a wait" if late else "Longest wait")

    def _say(self, key: str, text: str, *, late: bool = False) -> None:
        value = self.values[key]
        value.setText(text)
        value.setAccessibleName(f"{key}: {text}" + (", too long" if late else ""))
        tone = "danger" if late else ""
        if value.property("tone") != tone:
            value.setProperty("tone", tone)
            restyle(value)
