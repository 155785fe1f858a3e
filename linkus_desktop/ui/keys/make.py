"""Puts the function keys together for a main window."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from linkus_desktop.pbx.keys import OwnKeys
from linkus_desktop.ui.keys.actions import KeyActions
from linkus_desktop.ui.keys.dock import KeysDock
from linkus_desktop.ui.keys.panel import KeysPanel
from linkus_desktop.ui.keys.sources import Sources

if TYPE_CHECKING:
    from linkus_desktop.pbx.recordings import OwnCalls
    from linkus_desktop.ui.main_window import MainWindow


def make_keys(window: "MainWindow", own_calls: "OwnCalls", *, clock: Callable[[], datetime]) -> KeysDock:
    """The keys of whoever is logged in, at the right of the window."""
    session, phone = window.session, window.phone

    def own() -> str:
        return session.me.extension.number if session.me.extension else ""

    sources = Sources(session.live, phone, own_calls, own, window, queues=window.own_queues)
    actions = KeyActions(session, phone, sources, window)
    actions.prefix_wanted.connect(window.offer_number)
    actions.record_wanted.connect(window.press_record)
    panel = KeysPanel(
        OwnKeys(session.live.keys, session.api, session),
        sources,
        actions,
        window.blinker,
        window.settings,
        clock=clock,
    )
    return KeysDock(window, panel, window.settings)
