"""Where the icons are."""

from linkus_desktop.paths import resources

ICONS = resources() / "icons"
