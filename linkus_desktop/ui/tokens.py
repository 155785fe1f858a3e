"""The colours and sizes of the product: two palettes, one scale of type, one grid."""

from dataclasses import dataclass, fields

GRID = 8
"""Every distance is a multiple of this, or half of it (logical pixels)."""

TYPE_SMALL, TYPE_BODY, TYPE_TITLE, TYPE_DISPLAY = 11, 13, 16, 22
"""The four sizes of type (logical pixels)."""


@dataclass(frozen=True)
class Tokens:
    """One palette, as `#RRGGBB`. `test_contrast` holds every pair that meets on the screen to its ratio."""

    dark: bool
    window: str
    surface: str
    rail: str
    hover: str
    pressed: str
    border: str
    control: str
    """Outline of an input or check box: 3:1 on its ground, so that the control can be found."""
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_soft: str
    """Ground of a selected row."""
    success: str
    on_success: str
    danger: str
    on_danger: str
    danger_text: str
    danger_soft: str
    warning_soft: str
    warning_text: str
    lamp_idle: str
    lamp_ringing: str
    lamp_talking: str
    lamp_dnd: str
    lamp_away: str
    lamp_trip: str
    lamp_grey: str

    def as_dict(self) -> dict[str, str]:
        """The colours by name, for the style sheet."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "dark"}


LIGHT = Tokens(
    dark=False,
    window="#F4F6F9",
    surface="#FFFFFF",
    rail="#EAEEF4",
    hover="#EFF2F7",
    pressed="#DFE5EE",
    border="#DCE1E9",
    control="#838D9D",
    text="#1A1F29",
    muted="#545D6C",
    accent="#1D63D8",
    on_accent="#FFFFFF",
    accent_soft="#E3ECFB",
    success="#177A43",
    on_success="#FFFFFF",
    danger="#C42B2B",
    on_danger="#FFFFFF",
    danger_text="#B32424",
    danger_soft="#FCEBEA",
    warning_soft="#FFF4DC",
    warning_text="#7A4B00",
    lamp_idle="#1C8A4C",
    lamp_ringing="#B26200",
    lamp_talking="#CF3030",
    lamp_dnd="#7C3FC8",
    lamp_away="#94700A",
    lamp_trip="#1D63D8",
    lamp_grey="#6A7484",
)

DARK = Tokens(
    dark=True,
    window="#14171D",
    surface="#1B1F27",
    rail="#101318",
    hover="#252A34",
    pressed="#2E3541",
    border="#2C323D",
    control="#747F91",
    text="#E7EAF0",
    muted="#A5AEBD",
    accent="#74A7FF",
    on_accent="#0A1322",
    accent_soft="#22324F",
    success="#3DBB74",
    on_success="#06170D",
    danger="#D83C36",
    on_danger="#FFFFFF",
    danger_text="#FF8F88",
    danger_soft="#3A2023",
    warning_soft="#37301C",
    warning_text="#F2C46B",
    lamp_idle="#3FC97D",
    lamp_ringing="#F5A83B",
    lamp_talking="#FF6A62",
    lamp_dnd="#B98BF5",
    lamp_away="#E3C04A",
    lamp_trip="#74A7FF",
    lamp_grey="#949EAE",
)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#RRGGBB` colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
