"""The list of colleagues with their live states, a search, and their groups (DIR-1)."""

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QGuiApplication, QHelpEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QCheckBox, QLineEdit, QListView, QMenu, QToolTip, QWidget

from linkus_desktop.pbx.colleagues import ColleagueRole, ColleaguesFilter, ColleaguesModel
from linkus_desktop.ui.blinker import Blinker
from linkus_desktop.ui.extensions.delegate import ColleagueDelegate
from linkus_desktop.ui.extensions.grouped import GroupedColleagues
from linkus_desktop.ui.extensions.words import PICK_UP, described
from linkus_desktop.ui.icons import icon
from linkus_desktop.ui.lamps import lamp_of
from linkus_desktop.ui.pictures import Pictures
from linkus_desktop.ui.texts import plain_tip
from linkus_desktop.ui.theme import tokens
from linkus_desktop.ui.widgets.frames import frame, rows
from linkus_desktop.ui.widgets.list_states import ListStates


class ColleagueView(QListView):
    """The rows. Double-click, Return and the menu call; menu and Shift+Return take a call that rings there.

    Copy gives name and number.

    Signals: call_requested(str number), pick_up_requested(str number), chosen(str number).
    """

    call_requested = Signal(str)
    pick_up_requested = Signal(str)
    chosen = Signal(str)

    def __init__(
        self,
        model: GroupedColleagues,
        colleagues: ColleaguesModel,
        blinker: Blinker,
        pictures: Pictures | None,
    ) -> None:
        super().__init__()
        self._colleagues = colleagues
        self._blinker = blinker
        self.setModel(model)
        self.setItemDelegate(ColleagueDelegate(self, blinker, pictures))
        self.setAccessibleName("Colleagues")
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(self._call)
        self.selectionModel().currentChanged.connect(self._on_current)
        blinker.beat.connect(self._repaint_blinking)
        self._look = QTimer(self, singleShot=True, interval=0)
        self._look.timeout.connect(self._look_for_blinking)
        for signal in (model.dataChanged, model.modelReset):
            signal.connect(self._on_rows)
        self._look_for_blinking()

    def current_number(self) -> str:
        """The number of the current row, empty if there is none."""
        return self.currentIndex().data(ColleagueRole.NUMBER) or ""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return calls, Shift+Return picks up, copy copies."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.current_number():
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self._pick_up(self.current_number())
            else:
                self._call(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy) and self.current_number():
            QGuiApplication.clipboard().setText(self._line(self.currentIndex()))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Somebody is the current one, so that the focus is seen: a heading cannot be."""
        super().focusInEvent(event)
        if not self.current_number():
            numbers = (self.model().index(row, 0) for row in range(self.model().rowCount()))
            first = next((index for index in numbers if index.data(ColleagueRole.NUMBER)), None)
            if first is not None:
                self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What can be done with the person under the mouse, or with the current one by keyboard."""
        by_mouse = event.reason() is QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        if index.data(ColleagueRole.NUMBER):
            self.setCurrentIndex(index)
            menu = self.menu(index)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos() if by_mouse else self.mapToGlobal(self.visualRect(index).center()))

    def menu(self, index: QModelIndex) -> QMenu:
        """The menu of a row."""
        t = tokens(self)
        number = index.data(ColleagueRole.NUMBER)
        menu = QMenu(self)
        call = menu.addAction(
            icon("phone", t.text), f"Call {number}", lambda: self.call_requested.emit(number)
        )
        call.setShortcut("Return")
        if self._colleagues.can_be_picked_up(number):
            take = menu.addAction(
                icon("incoming", t.text), f"Pick up the call to {number}", lambda: self._pick_up(number)
            )
            take.setShortcut(PICK_UP)
        copies = ((f"Copy number {number}", number), ("Copy name and number", self._line(index)))
        for text, what in copies:
            menu.addAction(icon("copy", t.text), text, lambda w=what: QGuiApplication.clipboard().setText(w))
        return menu

    def viewportEvent(self, event: QEvent) -> bool:
        """The whole of a row in its tooltip."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.indexAt(event.pos())
            number = index.data(ColleagueRole.NUMBER)
            text = (
                described(index.data(ColleagueRole.NAME), number, index.data(ColleagueRole.STATE))
                if number
                else ""
            )
            QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return super().viewportEvent(event)

    def _line(self, index: QModelIndex) -> str:
        return f"{index.data(ColleagueRole.NAME)} {index.data(ColleagueRole.NUMBER)}"

    def _call(self, index: QModelIndex) -> None:
        if number := index.data(ColleagueRole.NUMBER):
            self.call_requested.emit(number)

    def _pick_up(self, number: str) -> None:
        if self._colleagues.can_be_picked_up(number):
            self.pick_up_requested.emit(number)

    def _on_current(self, index: QModelIndex) -> None:
        if number := index.data(ColleagueRole.NUMBER):
            self.chosen.emit(number)

    def _blinks(self, row: int) -> bool:
        index = self.model().index(row, 0)
        return (
            index.data(ColleagueRole.NUMBER) is not None and lamp_of(index.data(ColleagueRole.STATE)).blinks
        )

    def _on_rows(self, *_: object) -> None:
        """Rows come one by one, many at a time; every row is looked at once after all of them."""
        self._look.start()

    def _look_for_blinking(self) -> None:
        self._blinker.want(self, any(self._blinks(row) for row in range(self.model().rowCount())))

    def _repaint_blinking(self) -> None:
        if self.isVisible():
            first = max(0, self.indexAt(QPoint(8, 4)).row())
            last = self.indexAt(QPoint(8, self.viewport().height() - 4)).row()
            for row in range(first, (last if last >= 0 else self.model().rowCount() - 1) + 1):
                if self._blinks(row):
                    self.update(self.model().index(row, 0))


class ColleagueList(QWidget):
    """Search, filter and rows in one panel.

    Signals: call_requested(str number), pick_up_requested(str number), chosen(str number).
    """

    call_requested = Signal(str)
    pick_up_requested = Signal(str)
    chosen = Signal(str)

    def __init__(
        self, colleagues: ColleaguesModel, blinker: Blinker, pictures: Pictures | None = None
    ) -> None:
        super().__init__()
        self._colleagues = colleagues
        self.people = ColleaguesFilter(colleagues, self)
        self.grouped = GroupedColleagues(self.people, self)
        self.view = ColleagueView(self.grouped, colleagues, blinker, pictures)
        self.states = ListStates(self.view)
        self.search = QLineEdit()
        self.search.setProperty("quiet", "true")
        self.search.setPlaceholderText("Search colleagues")
        self.search.setAccessibleName("Search colleagues")
        self.search.setClearButtonEnabled(True)
        self._lens = self.search.addAction(
            icon("search", tokens(self).muted), QLineEdit.ActionPosition.LeadingPosition
        )
        self.unregistered = QCheckBox("Show those not registered")
        self.unregistered.setChecked(True)
        head = frame("surface")
        top = rows(head, margin=12, gap=4)
        top.addWidget(self.search)
        top.addWidget(self.unregistered)
        layout = rows(self)
        layout.addWidget(head)
        layout.addWidget(self.view, 1)
        self.search.textChanged.connect(self._on_text)
        self.search.returnPressed.connect(self._on_return)
        self.unregistered.toggled.connect(self._on_unregistered)
        self.states.action.connect(self._show_all)
        self.view.call_requested.connect(self.call_requested)
        self.view.pick_up_requested.connect(self.pick_up_requested)
        self.view.chosen.connect(self.chosen)
        colleagues.known_changed.connect(self._follow)
        self._follow()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_lens"):
            self._lens.setIcon(icon("search", tokens(self).muted))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape empties the search; down goes from it to the rows."""
        if event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self._to_rows()
        else:
            super().keyPressEvent(event)

    def _to_rows(self) -> None:
        for row in range(self.grouped.rowCount()):
            if self.grouped.index(row).data(ColleagueRole.NUMBER):
                self.view.setCurrentIndex(self.grouped.index(row))
                break
        self.view.setFocus()

    def _on_text(self, text: str) -> None:
        self.people.set_text(text)
        self._follow()

    def _on_return(self) -> None:
        if self.search.text() and self.people.rowCount():
            self.call_requested.emit(self.people.index(0, 0).data(ColleagueRole.NUMBER))

    def _on_unregistered(self, shown: bool) -> None:
        self.people.set_show_unregistered(shown)
        self._follow()

    def _show_all(self) -> None:
        self.search.clear()
        self.unregistered.setChecked(True)

    def _follow(self, *_: object) -> None:
        self.grouped.arrange()
        nobody = self._colleagues.rowCount() == 0
        self.states.set_loading(nobody and not self._colleagues.known)
        if self._colleagues.rowCount() <= 1:
            self.states.set_empty(
                "No colleagues yet", "Extensions appear here when your administrator adds them."
            )
        elif self.search.text():
            text = f"No colleague matches “{self.search.text()}”."
            self.states.set_empty("Nobody found", text, "Show everybody")
        else:
            self.states.set_empty(
                "Nobody to show", "No phone of a colleague is registered now.", "Show everybody"
            )
