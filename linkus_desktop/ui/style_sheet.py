"""The one style sheet: what Fusion and the palette cannot say."""

from string import Template

from linkus_desktop.ui.icon_files import ICONS
from linkus_desktop.ui.tokens import Tokens

_SHEET = Template("""
QToolTip { background: $surface; color: $text; border: 1px solid $border; padding: 4px 8px; }

QLineEdit { placeholder-text-color: $muted; }
QLineEdit, QComboBox, QSpinBox {
    background: $surface; color: $text; border: 1px solid $control; border-radius: 6px;
    padding: 0 9px; min-height: 32px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:hover, QComboBox:hover, QSpinBox:hover { border-color: $muted; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus { border: 2px solid $accent; padding: 0 8px;
    min-height: 30px; }
QLineEdit { padding: 0 7px; }
QLineEdit:focus { padding: 0 6px; }
QSpinBox { max-height: 32px; }
QSpinBox:focus { max-height: 30px; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled { background: $window; color: $muted;
    border-color: $border; }
QLineEdit[quiet="true"] { background: $window; border-color: $border; }
QLineEdit[quiet="true"]:focus { background: $surface; border: 2px solid $accent; }
QLineEdit[display="true"] { border: 1px solid transparent; background: transparent; min-height: 40px; }
QLineEdit[display="true"]:focus { border: 1px solid transparent; background: transparent; padding: 0 9px;
    min-height: 40px; }
QDateEdit { background: $surface; color: $text; border: 1px solid $control; border-radius: 6px;
    padding: 0 9px; min-height: 32px; max-height: 32px; selection-background-color: $accent;
    selection-color: $on_accent; }
QDateEdit:focus { border: 2px solid $accent; padding: 0 8px; min-height: 30px; max-height: 30px; }
QDateEdit::up-button, QDateEdit::down-button { border: none; width: 24px; subcontrol-origin: border; }
QDateEdit::up-button { subcontrol-position: top right; margin-top: 1px; }
QDateEdit::down-button { subcontrol-position: bottom right; margin-bottom: 1px; }
QDateEdit::up-arrow { image: url($up); width: 12px; height: 12px; }
QDateEdit::down-arrow { image: url($chevron); width: 12px; height: 12px; }
QComboBox::drop-down { border: none; width: 28px; }
QSpinBox::up-button, QSpinBox::down-button { border: none; width: 28px; subcontrol-origin: border; }
QSpinBox::up-button { subcontrol-position: top right; margin-top: 1px; }
QSpinBox::down-button { subcontrol-position: bottom right; margin-bottom: 1px; }
QSpinBox::up-arrow { image: url($up); width: 12px; height: 12px; }
QSpinBox::down-arrow { image: url($chevron); width: 12px; height: 12px; }
QComboBox::down-arrow { image: url($chevron); width: 16px; height: 16px; }
QComboBox QAbstractItemView { background: $surface; border: 1px solid $border; outline: 0; padding: 4px;
    selection-background-color: $accent_soft; selection-color: $text; }

QPushButton {
    background: $surface; color: $text; border: 1px solid $border; border-radius: 6px;
    padding: 0 13px; min-height: 30px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $pressed; }
QPushButton:focus { border: 2px solid $accent; padding: 0 12px; min-height: 28px; }
QPushButton:disabled { color: $control; background: $window; }
QPushButton:checked { background: $accent_soft; border-color: $accent; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border-color: $accent;
    font-weight: 600; }
QPushButton[kind="go"] { background: $success; color: $on_success; border-color: $success; font-weight: 600; }
QPushButton[kind="stop"] { background: $danger; color: $on_danger; border-color: $danger; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="go"]:hover { background: $success_hover; border-color: $success_hover; }
QPushButton[kind="stop"]:hover { background: $danger_hover; border-color: $danger_hover; }
QPushButton[kind="primary"]:focus, QPushButton[kind="go"]:focus, QPushButton[kind="stop"]:focus {
    border: 2px solid $text; }
QPushButton[kind="primary"]:disabled, QPushButton[kind="go"]:disabled {
    background: $pressed; color: $muted; border-color: $pressed; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent;
    padding: 0 2px; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 2px solid $accent; padding: 0 1px; }
QPushButton[tall="true"] { min-height: 42px; }
QPushButton[tall="true"]:focus { min-height: 40px; }
QPushButton[kind="key"] { border-radius: 10px; padding: 0; min-height: 54px; min-width: 56px; }
QPushButton[kind="key"][small="true"] { border-radius: 8px; min-height: 42px; }
QPushButton[kind="key"]:hover { background: $hover; }
QPushButton[kind="key"]:pressed, QPushButton[kind="key"]:down { background: $accent_soft;
    border-color: $accent; }
QPushButton[kind="key"]:focus { border: 2px solid $accent; min-height: 52px; }
QPushButton[kind="key"][small="true"]:focus { min-height: 40px; }

QToolButton { background: transparent; border: 2px solid transparent; border-radius: 6px; padding: 4px;
    color: $text; }
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $pressed; }
QToolButton:focus { border-color: $accent; }
QToolButton::menu-indicator { image: none; }

QCheckBox, QRadioButton { spacing: 8px; min-height: 24px; border: 2px solid transparent; border-radius: 4px;
    padding-right: 4px; }
QCheckBox:focus, QRadioButton:focus { border-color: $accent; }
QCheckBox::indicator, QRadioButton::indicator { width: 14px; height: 14px; border: 1px solid $control;
    background: $surface; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url($tick); }
QRadioButton::indicator:checked { border: 5px solid $accent; width: 6px; height: 6px; }

QTabBar { background: $surface; border-bottom: 1px solid $border; qproperty-drawBase: 0; }
QTabBar::tab { color: $muted; padding: 8px 14px; border: 2px solid transparent;
    border-bottom: 2px solid transparent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:selected:focus { border: 2px solid $accent; border-radius: 6px; }

QListView, QTableView, QTreeView { background: $surface; border: none; outline: 0; }
QHeaderView { background: $surface; border: none; }
QHeaderView::section { background: $surface; color: $muted; border: none; border-bottom: 1px solid $border;
    padding: 0 8px; min-height: 32px; font-size: 11px; font-weight: 600; }
QHeaderView::section:first { padding-left: 16px; }
QHeaderView::section:hover { color: $text; }
QMenu { background: $surface; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 6px 20px 6px 8px; border-radius: 4px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { left: 5px; }
QAbstractScrollArea::corner { background: $surface; border: none; }
QSplitter::handle { background: $border; }
QSplitter::handle:hover { background: $accent; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $control; border-radius: 3px; margin: 2px; min-height: 32px;
    min-width: 32px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
    background: none; border: none; width: 0; height: 0; }

QSlider { min-height: 24px; border: 2px solid transparent; border-radius: 6px; }
QSlider:focus { border-color: $accent; }
QSlider::groove:horizontal { height: 4px; background: $control; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -5px 0; border-radius: 7px;
    background: $accent; }
QSlider::handle:horizontal:hover { background: $accent_hover; }

QFrame[role="surface"] { background: $surface; }
QFrame[role="rail"] { background: $rail; border-right: 1px solid $border; }
QFrame[role="bar"] { background: $surface; border-bottom: 1px solid $border; }
QFrame[role="player"] { background: $surface; border-top: 1px solid $border; }
QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: 10px; }
QFrame[role="card"][current="true"] { border: 1px solid $accent; }
QFrame[role="popup"] { background: $surface; border: 1px solid $border; }
QFrame[role="error"] { background: $danger_soft; border: 1px solid $danger_text; border-radius: 8px; }
QFrame[role="error"] QLabel { color: $danger_text; }
QFrame[role="warning"] { background: $warning_soft; border: 1px solid $warning_text; border-radius: 8px; }
QFrame[role="warning"] QLabel { color: $warning_text; }
QFrame[role="toast"] { background: $text; border-radius: 8px; }
QFrame[role="toast"] QLabel { color: $surface; }
QFrame[role="toast"] QPushButton { background: transparent; color: $surface; border: 1px solid $surface; }
QFrame[role="toast"] QPushButton:focus { border: 2px solid $surface; }
QFrame[role="line"] { background: $border; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="danger"] { color: $danger_text; }
QLabel[type="small"] { font-size: 11px; }
QLabel[type="title"] { font-size: 16px; font-weight: 600; }
QLabel[type="display"] { font-size: 22px; font-weight: 600; }
QLabel[strong="true"] { font-weight: 600; }
""")


def style_sheet(t: Tokens) -> str:
    """The style sheet in the colours of `t`."""
    tint = (-18 if not t.dark else 14) / 100
    values = t.as_dict()
    for name in ("accent", "success", "danger"):
        values[f"{name}_hover"] = _shade(values[name], tint if name != "danger" else -abs(tint))
    folder = (ICONS / ("dark" if t.dark else "light")).as_posix()
    values["up"] = f"{folder}/chevron-up.svg"
    values["chevron"] = f"{folder}/chevron-down.svg"
    values["tick"] = f"{folder}/check.svg"
    return _SHEET.substitute(values)


def _shade(colour: str, by: float) -> str:
    """Mix towards black (negative) or white (positive) by that part."""
    target = 255 if by > 0 else 0
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(p + (target - p) * abs(by)):02X}" for p in parts)
