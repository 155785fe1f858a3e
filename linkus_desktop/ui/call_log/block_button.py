"""The button that blocks the number of the selected call, or unblocks it (DIR-5)."""

from linkus_desktop.pbx.blocking import Blocking
from linkus_desktop.ui.widgets.buttons import WordButton
from server.contract.agents import QueueLogEntry
from server.contract.calls import CallLogEntry

BLOCK, UNBLOCK = "do-not-disturb", "available"
"""Icons."""


class BlockButton(WordButton):
    """Says what it does to this number, or why it cannot be blocked; hidden where nothing can be."""

    def __init__(self, blocking: Blocking | None) -> None:
        super().__init__("Block", icon_name=BLOCK)
        self._blocking = blocking
        self._number = ""
        self.clicked.connect(self._on_clicked)
        if blocking is None:
            self.hide()  # never shown here: without a parent it would be a window

    def follow(self, entry: CallLogEntry | QueueLogEntry | None) -> None:
        """Be about this call; None: no call, or several."""
        if self._blocking is None:
            return
        number = self._number = entry.number if entry is not None else ""
        if self._blocking.is_blocked(number):
            self.become("Unblock", UNBLOCK, tip=f"Take calls from {number} again")
            self.forbid("")
        else:
            self.become("Block", BLOCK, tip=f"Hang up whenever {number} calls")
            self.forbid(self._blocking.why_not(number) if entry else "Select one call to block its number.")

    def _on_clicked(self) -> None:
        if self._blocking is None:
            return
        if self._blocking.is_blocked(self._number):
            self._blocking.unblock(self._number)
        else:
            self._blocking.block(self._number)
