"""The Preferences room: every section on one page."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QWidget

from linkus_desktop.hotkeys.port import HotKeys
from linkus_desktop.ui.preferences.about import AboutSection
from linkus_desktop.ui.preferences.account import AccountSection
from linkus_desktop.ui.preferences.appearance import AppearanceSection
from linkus_desktop.ui.preferences.audio import AudioSection
from linkus_desktop.ui.preferences.desk_phone import DeskPhoneSection
from linkus_desktop.ui.preferences.hot_keys import HotKeysSection
from linkus_desktop.ui.preferences.incoming import IncomingSection
from linkus_desktop.ui.preferences.mail import MailSection
from linkus_desktop.ui.preferences.popups import PopUpsSection
from linkus_desktop.ui.preferences.reaching import ReachingSection
from linkus_desktop.ui.preferences.ringing import RingingSection
from linkus_desktop.ui.theme import Theme
from linkus_desktop.ui.widgets.frames import columns, rows
from linkus_desktop.ui.widgets.labels import label

if TYPE_CHECKING:
    from linkus_desktop.calls.chosen_phone import ChosenPhone
    from linkus_desktop.pbx.session import Session
    from linkus_desktop.sip.audio import Audio
    from linkus_desktop.store.settings import Settings

_WIDTH = 640


class PreferencesWorkspace(QScrollArea):
    """Signals: password_requested(), log_out_requested()."""

    password_requested = Signal()
    log_out_requested = Signal()

    def __init__(
        self,
        session: "Session",
        audio: "Audio",
        settings: "Settings",
        theme: Theme | None,
        *,
        hot_keys: HotKeys | None = None,
        phones: "ChosenPhone | None" = None,
    ) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Preferences")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.audio = AudioSection(audio, settings)
        self.desk_phone = DeskPhoneSection(phones) if phones is not None else None
        self.incoming = IncomingSection(settings)
        self.pop_ups = PopUpsSection(settings)
        self.ringing = RingingSection(audio, settings)
        self.hot_keys = HotKeysSection(settings, hot_keys or HotKeys(self))
        self.appearance = AppearanceSection(settings, theme)
        self.reaching = ReachingSection(session) if session.sip is not None else None
        self.mail = MailSection(session) if session.sip is not None else None
        self.account = AccountSection(session, settings)
        self.about = AboutSection(has_phone=session.sip is not None)
        self.account.password_requested.connect(self.password_requested)
        self.account.log_out_requested.connect(self.log_out_requested)
        column = QWidget()
        column.setMaximumWidth(_WIDTH)
        sections = rows(column, gap=16)
        sections.setContentsMargins(0, 24, 0, 24)
        sections.addWidget(label("Preferences", "display"))
        for section in (
            self.audio,
            self.desk_phone,
            self.incoming,
            self.ringing,
            self.pop_ups,
            self.hot_keys if session.sip is not None else None,
            self.reaching,
            self.mail,
            self.appearance,
            self.account,
            self.about,
        ):
            if section is not None:  # an account without a phone is not called
                sections.addWidget(section)
        sections.addStretch(1)
        page = QWidget()
        centred = columns(page)
        centred.setContentsMargins(24, 0, 24, 0)
        centred.addWidget(column, 100)
        centred.addStretch(1)
        self.setWidget(page)
        self.setFocusProxy(self.audio.microphone)
