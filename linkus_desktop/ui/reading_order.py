"""Tab goes through a window in reading order, whatever came and went in it (OPS-5).

Qt's own order is that in which widgets were made; cards, messages and rooms that come later would stand at
its end, and some would be left out.
"""

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QGridLayout,
    QKeySequenceEdit,
    QLayout,
    QLineEdit,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QWidget,
)

_WHOLE = (QComboBox, QLineEdit, QAbstractSpinBox, QKeySequenceEdit)
"""Controls whose parts are no stops of their own."""


def stops(window: QWidget) -> list[QWidget]:
    """Everything that Tab stops at now: what is placed in layouts in their order, then what floats."""
    return [widget for widget in dict.fromkeys(_below(window)) if _is_stop(widget)]


def step(window: QWidget, *, forward: bool) -> bool:
    """Give the focus to the next stop, or the one before; round at the ends. Whether there is one."""
    order = stops(window)
    if not order:
        return False
    current: QWidget | None = window.focusWidget()
    while current is not None and current not in order:
        current = current.parentWidget()
    if current is None:
        target = order[0 if forward else -1]
    else:
        target = order[(order.index(current) + (1 if forward else -1)) % len(order)]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    _bring_into_sight(target)
    return True


def _bring_into_sight(widget: QWidget) -> None:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea):
            parent.ensureWidgetVisible(widget)
        parent = parent.parentWidget()


def _is_stop(widget: QWidget) -> bool:
    tab = Qt.FocusPolicy.TabFocus.value
    return (
        widget.focusPolicy().value & tab == tab
        and widget.focusProxy() is None
        and widget.isVisible()
        and widget.isEnabled()
    )


def _below(widget: QWidget) -> Iterator[QWidget]:
    for part in _parts(widget):
        yield part
        if not isinstance(part, _WHOLE):
            yield from _below(part)


def _parts(widget: QWidget) -> list[QWidget]:
    """The widgets directly in this one, in reading order."""
    placed: list[QWidget | None] = []
    layout = widget.layout()
    if isinstance(widget, QSplitter):
        placed = [widget.widget(i) for i in range(widget.count())]
    elif isinstance(widget, QStackedWidget):
        placed = [widget.currentWidget()]
    elif isinstance(widget, QScrollArea):
        placed = [widget.widget()]
    elif isinstance(widget, QMainWindow):
        placed = [widget.centralWidget()]
    elif layout is not None:
        placed = list(_placed(layout))
    floating = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    return [part for part in dict.fromkeys([*placed, *floating]) if part is not None]


def _placed(layout: QLayout) -> Iterator[QWidget]:
    places = range(layout.count())
    if isinstance(layout, QGridLayout):
        places_of = {i: layout.getItemPosition(i) for i in places}
        ordered = sorted(places, key=lambda i: tuple(places_of[i])[:2])  # type: ignore[arg-type]
    else:
        ordered = list(places)
    for place in ordered:
        item = layout.itemAt(place)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            yield widget
        elif (inner := item.layout()) is not None:
            yield from _placed(inner)
