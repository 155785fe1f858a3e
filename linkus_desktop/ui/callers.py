"""Who is at the other end of a call: a colleague by name and picture, or what the call itself says."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap

from linkus_desktop.calls.emergency import is_emergency
from linkus_desktop.pbx.colleagues import ColleaguesModel
from linkus_desktop.ui.pictures import Pictures

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call


class Callers(QObject):
    """Looks numbers up among the colleagues.

    Args:
        emergency_numbers: those that the administrator has entered, now.

    Signals: changed(): somebody's name or picture may be another one now.
    """

    changed = Signal()

    def __init__(
        self,
        colleagues: ColleaguesModel,
        pictures: Pictures | None = None,
        parent: QObject | None = None,
        *,
        emergency_numbers: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        super().__init__(parent)
        self._emergency_numbers = emergency_numbers
        self._colleagues = colleagues
        self._pictures = pictures
        self._named: dict[str, str] = {}
        for signal in (colleagues.dataChanged, colleagues.modelReset, colleagues.rowsInserted):
            signal.connect(self._on_people)

    def name(self, call: "Call") -> str:
        """The colleague's name; the name that came with the call for other numbers; may be empty."""
        return self.name_of(call.number) or call.name

    def name_of(self, number: str) -> str:
        """The name of the colleague with this number, or of what it is a code of; empty if there is none."""
        if number in self._named:
            return self._named[number]
        colleague = self._colleagues.state(number)
        return colleague.name if colleague is not None else ""

    def is_emergency(self, number: str) -> bool:
        """Whether this number leads to an emergency service, or may (SIP-12)."""
        colleague = self._colleagues.state(number) is not None
        return is_emergency(number, self._emergency_numbers(), colleague=colleague)

    def set_name(self, name: str, code: str) -> None:
        """What is called so has this code now; "": none."""
        self._named = {known: other for known, other in self._named.items() if other != name}
        if code:
            self._named[code] = name

    def picture(self, call: "Call") -> QPixmap | None:
        """The colleague's picture, None where there is none, or not yet."""
        colleague = self._colleagues.state(call.number)
        if colleague is None or self._pictures is None:
            return None
        return self._pictures.of(colleague.number, colleague.avatar)

    def _on_people(self, *_: object) -> None:
        self.changed.emit()
