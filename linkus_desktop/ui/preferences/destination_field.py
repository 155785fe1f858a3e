"""Choosing where calls go: a kind, and a number where it has one (PRES-3)."""

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from linkus_desktop.pbx.reaching import Path, ReachingDraft
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label
from server.contract.destinations import DestinationKind

Choice = tuple[str, DestinationKind | None]

FORWARDING: tuple[Choice, ...] = (
    ("Do not forward", None),
    ("To an extension", DestinationKind.EXTENSION),
    ("To voicemail", DestinationKind.VOICEMAIL),
    ("To a ring group", DestinationKind.RING_GROUP),
    ("To a group mailbox", DestinationKind.GROUP_VOICEMAIL),
    ("To a menu", DestinationKind.IVR),
    ("To a queue", DestinationKind.QUEUE),
    ("To a call flow", DestinationKind.CALL_FLOW),
    ("To a conference room", DestinationKind.CONFERENCE),
    ("Play a prompt", DestinationKind.PROMPT),
    ("To a number", DestinationKind.EXTERNAL),
    ("To my mobile", DestinationKind.MOBILE),
    ("Hang up", DestinationKind.HANG_UP),
)
ACTIONS: tuple[Choice, ...] = (
    ("Accept", None),
    ("To an extension", DestinationKind.EXTENSION),
    ("To voicemail", DestinationKind.VOICEMAIL),
    ("To a menu", DestinationKind.IVR),
    ("Play a prompt", DestinationKind.PROMPT),
    ("Hang up", DestinationKind.HANG_UP),
)
_PLACEHOLDERS = {  # short: in a rule there is room for some fifteen characters
    DestinationKind.EXTENSION: "Such as 1002",
    DestinationKind.RING_GROUP: "Such as 6300",
    DestinationKind.GROUP_VOICEMAIL: "Such as 6500",
    DestinationKind.VOICEMAIL: "My own, or 1002",
    DestinationKind.IVR: "Such as 6500",
    DestinationKind.QUEUE: "Such as 6400",
    DestinationKind.CONFERENCE: "Such as 6600",
    DestinationKind.PROMPT: "Its name",
    DestinationKind.CALL_FLOW: "Its name",
    DestinationKind.EXTERNAL: "Such as +420 530 335 533",
}


class DestinationField(QWidget):
    """One destination of the draft, with what is wrong with it below.

    A number that is still to be typed is not complained of before somebody tries to save.
    """

    def __init__(
        self, draft: ReachingDraft, path: Path, name: str, choices: tuple[Choice, ...] = FORWARDING
    ) -> None:
        super().__init__()
        self._draft, self._path = draft, path
        self.kind, self.number = QComboBox(), QLineEdit()
        self.kind.setAccessibleName(name)
        self.number.setAccessibleName(f"{name}: number")
        self.number.setMaxLength(64)
        for word, kind in choices:
            self.kind.addItem(word, kind)
        self.problem = label(size="small", wrap=True)
        self.problem.setProperty("tone", "danger")
        self.problem.hide()
        line = columns(gap=8)
        line.addWidget(self.kind, 2)
        line.addWidget(self.number, 3)
        layout = rows(self, gap=4)
        layout.addLayout(line)
        layout.addWidget(self.problem)
        self.setFocusProxy(self.kind)
        self._show()
        self.kind.activated.connect(self._on_kind)
        self.number.textEdited.connect(self._on_number)

    def complain(self, *, eager: bool) -> bool:
        """Tell what is wrong with it, `eager`: also what is missing; returns whether something is shown."""
        text = self._draft.problem(self._path)
        shown = bool(text) and (eager or bool(self.number.text()) or self.number.isHidden())
        self.problem.setText(text)
        self.problem.setVisible(shown)
        self.number.setAccessibleDescription(text if shown else "")
        self.kind.setAccessibleDescription(text if shown else "")
        return shown

    def _show(self) -> None:
        chosen = self._draft.value(self._path)
        kind = DestinationKind(chosen["kind"]) if chosen else None
        kinds = [self.kind.itemData(row) for row in range(self.kind.count())]
        self.kind.setCurrentIndex(kinds.index(kind))
        self.number.setText(chosen["value"] if chosen else "")
        self.number.setCursorPosition(0)  # of a long one the beginning is seen
        self._fit(kind)

    def _fit(self, kind: DestinationKind | None) -> None:
        self.number.setVisible(kind in _PLACEHOLDERS)
        self.number.setPlaceholderText(_PLACEHOLDERS.get(kind, "") if kind else "")

    def _on_kind(self) -> None:
        kind = self.kind.currentData()
        self._fit(kind)
        self._put()
        if kind in _PLACEHOLDERS:
            self.number.setFocus()

    def _on_number(self) -> None:
        self._put()

    def _put(self) -> None:
        kind = self.kind.currentData()
        value = self.number.text() if kind in _PLACEHOLDERS else ""
        self._draft.put(self._path, None if kind is None else {"kind": str(kind), "value": value})
