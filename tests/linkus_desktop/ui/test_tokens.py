"""UI.md: contrast at least 4.5:1 for text, 3:1 for lamps and icons, in both themes."""

import pytest

from linkus_desktop.ui.avatars import _GROUNDS
from linkus_desktop.ui.lamps import Lamp, lamp_colour
from linkus_desktop.ui.tokens import DARK, LIGHT, contrast

GROUNDS = ("window", "surface", "rail", "hover", "accent_soft")
TEXTS = [(text, ground) for text in ("text", "muted") for ground in GROUNDS] + [
    ("on_accent", "accent"),
    ("on_success", "success"),
    ("on_danger", "danger"),
    ("danger_text", "surface"),
    ("danger_text", "danger_soft"),
    ("danger_text", "accent_soft"),
    ("danger_text", "hover"),
    ("warning_text", "warning_soft"),
    ("warning_text", "surface"),
    ("warning_text", "hover"),
    ("accent", "surface"),
    ("accent", "window"),
    ("surface", "text"),
    ("muted", "pressed"),
]


def test_the_formula_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(theme, text, ground):
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("lamp", Lamp)
@pytest.mark.parametrize("ground", ["surface", "window", "hover", "accent_soft"])
def test_lamps_can_be_told_from_their_ground(theme, lamp, ground):
    assert contrast(lamp_colour(lamp, theme), getattr(theme, ground)) >= 3


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["surface", "window"])
def test_outlines_of_controls_and_the_focus_ring_can_be_seen(theme, ground):
    assert contrast(theme.control, getattr(theme, ground)) >= 3
    assert contrast(theme.accent, getattr(theme, ground)) >= 3


def test_initials_can_be_read():
    assert min(contrast("#FFFFFF", ground) for ground in _GROUNDS) >= 4.5
