"""Grounds and lines."""

from typing import Literal, TypeVar

from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLayout, QVBoxLayout, QWidget

Role = Literal["surface", "rail", "bar", "card", "popup", "error", "warning", "toast"]


Layout = TypeVar("Layout", bound=QBoxLayout)


def frame(role: Role, parent: QWidget | None = None) -> QFrame:
    """A ground of the palette."""
    made = QFrame(parent)
    made.setProperty("role", role)
    return made


def line(*, vertical: bool = False) -> QFrame:
    """A hairline between two parts."""
    made = QFrame()
    made.setProperty("role", "line")
    if vertical:
        made.setFixedWidth(1)
    else:
        made.setFixedHeight(1)
    return made


def rows(parent: QWidget | None = None, *, margin: int = 0, gap: int = 0) -> QVBoxLayout:
    """A column of things."""
    return _plain(QVBoxLayout(parent) if parent else QVBoxLayout(), margin, gap)


def columns(parent: QWidget | None = None, *, margin: int = 0, gap: int = 0) -> QHBoxLayout:
    """A row of things side by side."""
    return _plain(QHBoxLayout(parent) if parent else QHBoxLayout(), margin, gap)


def _plain(layout: Layout, margin: int, gap: int) -> Layout:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(gap)
    return layout


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and delete it."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def restyle(widget: QWidget) -> None:
    """Have the style sheet look at a widget's properties again."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)
