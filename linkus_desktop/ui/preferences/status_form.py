"""The settings of one presence status (PRES-2, PRES-3, PRES-4)."""

from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from linkus_desktop.pbx.reaching import Path, ReachingDraft
from linkus_desktop.ui.preferences.destination_field import DestinationField
from linkus_desktop.ui.preferences.section import Rows
from linkus_desktop.ui.widgets.labels import label
from linkus_desktop.ui.widgets.number_box import NumberBox
from server.contract.presence import PresenceStatus
from server.contract.reaching import MAX_RING_S, MIN_RING_S, EndpointKind

ORIGINS = (("internal", "Calls from colleagues"), ("external", "Calls from outside"))
CONDITIONS = (("always", "Always"), ("no_answer", "No answer"), ("busy", "When busy"))
KINDS = {
    EndpointKind.EXTENSION_ENDPOINT: "Desk phones",
    EndpointKind.DESKTOP: "Desktop clients",
    EndpointKind.MOBILE: "Mobile clients",
    EndpointKind.WEB: "Web clients",
}
"""Desk phones are all phones of other makes, also softphones."""
_STAGES = (("Ring first", "ring_first"), ("Ring second", "ring_second"), ("Do not ring", ""))


class StageBox(QComboBox):
    """When one kind of endpoint rings."""

    def __init__(self, draft: ReachingDraft, path: Path, kind: EndpointKind) -> None:
        super().__init__()
        self._draft, self._path, self._kind = draft, path, str(kind)
        self.setAccessibleName(f"{KINDS[kind]}: when to ring")
        for word, stage in _STAGES:
            self.addItem(word, stage)
        stages = [stage for _, stage in _STAGES]
        mine = next((stage for stage in stages if stage and self._kind in self._list(stage)), "")
        self.setCurrentIndex(stages.index(mine))
        self.activated.connect(self._on_chosen)

    def _list(self, stage: str) -> list[str]:
        return list(self._draft.value((*self._path, stage)) or [])

    def _on_chosen(self) -> None:
        for _, stage in _STAGES[:2]:
            kinds = [kind for kind in self._list(stage) if kind != self._kind]
            if stage == self.currentData():
                kinds.append(self._kind)
            self._draft.put((*self._path, stage), kinds)


class StatusForm(QWidget):
    """All that can be set for one status; Do Not Disturb has a note and one condition of forwarding."""

    def __init__(self, draft: ReachingDraft, status: PresenceStatus, mobile: str | None) -> None:
        super().__init__()
        self._draft = draft
        self._path: Path = ("statuses", status.value)
        self._rows = Rows(self)
        self.note = QLineEdit(draft.value((*self._path, "note")))
        self.note.setMaxLength(255)
        self.note.setCursorPosition(0)
        self.note.setPlaceholderText("What colleagues read when you choose this status")
        self.note.setAccessibleName("Note")
        self.note.textEdited.connect(self._on_note)
        self._rows.row("Note", self.note)
        self.destinations: dict[Path, DestinationField] = {}
        dnd = status is PresenceStatus.DO_NOT_DISTURB
        for origin, title in ORIGINS:
            self._rows.heading(title)
            for condition, name in CONDITIONS[: 1 if dnd else None]:
                field = DestinationField(draft, (*self._path, origin, condition), f"{title}, {name.lower()}")
                self.destinations[origin, condition] = field
                self._rows.row(name, field)
        self.stages: dict[EndpointKind, StageBox] = {}
        self.no_first = label(size="small", wrap=True)
        if not dnd:
            self._add_ringing(mobile)

    def complain(self, *, eager: bool) -> None:
        """Tell what is wrong at each field."""
        for field in self.destinations.values():
            field.complain(eager=eager)
        if self.stages:
            wrong = self._draft.problem((*self._path, "ring_first"))
            self.no_first.setText("Choose at least one that rings first." if wrong else "")
            self.no_first.setVisible(bool(wrong))
            mobile = self._draft.problem((*self._path, "ring_mobile"))
            self.mobile_problem.setText(mobile)
            self.mobile_problem.setVisible(bool(mobile))

    def _add_ringing(self, mobile: str | None) -> None:
        self._rows.heading("Which phones ring")
        for kind, name in KINDS.items():
            box = self.stages[kind] = StageBox(self._draft, self._path, kind)
            self._rows.row(name, box)
        self.no_first.setProperty("tone", "danger")
        self.no_first.hide()
        self._rows.below(self.no_first)
        self.timeout = NumberBox(MIN_RING_S, MAX_RING_S, "seconds", "Ring each time for")
        self.timeout.setValue(self._draft.value((*self._path, "ring_timeout_s")))
        self.timeout.valueChanged.connect(self._on_timeout)
        self._rows.row("Ring for", self.timeout)
        self.mobile = QCheckBox(
            f"Ring my mobile number too ({mobile})" if mobile else "Ring my mobile number too"
        )
        self.mobile.setChecked(bool(self._draft.value((*self._path, "ring_mobile"))))
        self.mobile.setEnabled(bool(mobile) or self.mobile.isChecked())
        if not mobile:
            self.mobile.setToolTip("You have no mobile number: ask your administrator to enter it")
        self.mobile.toggled.connect(self._on_mobile)
        self._rows.whole(self.mobile)
        self.mobile_problem = label(size="small", wrap=True)
        self.mobile_problem.setProperty("tone", "danger")
        self.mobile_problem.hide()
        self._rows.whole(self.mobile_problem)

    def _on_note(self, text: str) -> None:
        self._draft.put((*self._path, "note"), text)

    def _on_timeout(self, seconds: int) -> None:
        self._draft.put((*self._path, "ring_timeout_s"), seconds)

    def _on_mobile(self, on: bool) -> None:
        self._draft.put((*self._path, "ring_mobile"), on)
