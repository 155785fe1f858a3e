"""What this program is."""

from PySide6.QtCore import qVersion

from linkus_desktop import __version__
from linkus_desktop.calls.emergency import EXPLAINED
from linkus_desktop.ui.preferences.section import Section
from linkus_desktop.ui.widgets.labels import label


class AboutSection(Section):
    """Version, licence, what it is built with; and what emergency calls cannot do, for who has a phone."""

    def __init__(self, *, has_phone: bool = True) -> None:
        super().__init__("About")
        self.row("Linkus Desktop", label(f"Version {__version__}"))
        if has_phone:
            self.row("Emergency calls", label(EXPLAINED, wrap=True))
        self.row("Licence", label("GNU General Public License, version 3 or later", wrap=True))
        self.row("Built with", label(f"Qt {qVersion()} and PJSIP", muted=True, wrap=True))
