"""What hot keys are to the rest of the client, whatever the system."""

from PySide6.QtCore import QObject, Signal

NOT_HERE = "Hot keys are not available on this system."


class HotKeys(QObject):
    """Keys of the whole desktop, by name; here those of a system that has none.

    Nothing here waits: whatever another program has to answer comes by a signal.

    Attributes:
        unavailable: why there are none here, for people; "" if there are.

    Signals:
        pressed(str name): the key of this name went down; a key held down tells it once.
        changed(str name): what `problem` says of it may be another.
        marked(str text): answer to `read_marked`, as the other program gave it, at most `LONGEST` long.
        not_marked(str why): there is no such text; for people.
    """

    LONGEST = 1000
    """Characters; a longer text is no number."""

    pressed = Signal(str)
    changed = Signal(str)
    marked = Signal(str)
    not_marked = Signal(str)

    unavailable = NOT_HERE

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._problems: dict[str, str] = {}

    def bind(self, name: str, keys: str) -> None:
        """Have this key combination (`QKeySequence` in its portable form), and no other; "" none.

        If that cannot be, `problem` says why.
        """

    def problem(self, name: str) -> str:
        """Why the key of this name does not work, for people; "" if it does, or if there is none."""
        return self._problems.get(name, "")

    def read_marked(self) -> None:
        """Ask for the text that is marked in whatever program, or copied; see `marked`, `not_marked`."""
        self.not_marked.emit(self.unavailable)

    def close(self) -> None:
        """Give all keys back."""
