"""What the window needs of a phone, be it the one in this program or the one on the desk (SIP-11)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from PySide6.QtCore import SignalInstance

from linkus_desktop.sip.alert import Alert
from linkus_desktop.sip.conference import Conference
from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import (
    Ability,
    CallEnd,
    CallState,
    Quality,
    Registration,
    TransferProgress,
)


class Call(Protocol):
    """A call of either phone; the attributes are those of `sip.call.Call`, where they are explained.

    `known` False: nobody tells how it stands now; the rest is what was known last. `said`: what it is doing,
    in words of its own; "" where the state says it.
    """

    ignored: bool

    @property
    def changed(self) -> SignalInstance:
        """Anything of it changed."""

    @property
    def ended(self) -> SignalInstance:
        """It is over, with its `CallEnd`."""

    @property
    def id(self) -> str:
        """Ours, unique."""

    @property
    def incoming(self) -> bool:
        """Who called whom."""

    @property
    def number(self) -> str:
        """Of the other end."""

    @property
    def name(self) -> str:
        """Of the other end."""

    @property
    def started_at(self) -> datetime | None:
        """When it began."""

    @property
    def answered_at(self) -> datetime | None:
        """When it was answered."""

    @property
    def end(self) -> CallEnd | None:
        """How it ended."""

    @property
    def sip_call_id(self) -> str:
        """The Call-ID of our leg."""

    @property
    def consultation_for(self) -> "Call | None":
        """The held call that this one was made for."""

    @property
    def alert(self) -> Alert:
        """How the PBX wants it to ring."""

    @property
    def called_for(self) -> Party | None:
        """Whom the caller wants, if it is somebody else than the user (BOSS-1)."""

    @property
    def waiting_since(self) -> datetime | None:
        """Since when the caller has waited in the queue `called_for`; None: that is no queue."""

    @property
    def emergency_call_back(self) -> bool:
        """Whether an emergency centre calls back, in all likelihood (PRES-8)."""

    @property
    def answered_by_itself(self) -> bool:
        """Nobody pressed anything."""

    @property
    def picks_up(self) -> bool:
        """It takes a call that rings at a colleague, or is parked."""

    @property
    def known(self) -> bool:
        """Whether all of this is as it is now."""

    @property
    def said(self) -> str:
        """What it is doing, where the state does not say it."""

    @property
    def state(self) -> CallState:
        """Where it is in its life."""

    @property
    def held(self) -> bool:
        """Whether we hold it."""

    @property
    def remote_held(self) -> bool:
        """Whether the other end holds us."""

    @property
    def muted(self) -> bool:
        """Whether the other end does not hear us."""

    @property
    def answering(self) -> bool:
        """Whether it is being answered."""

    @property
    def wants_line(self) -> bool:
        """Whether it is, or asks to be, the one that is talked on."""

    @property
    def talking(self) -> bool:
        """Whether it is answered and not over."""

    @property
    def transfer_progress(self) -> TransferProgress:
        """How far its transfer is."""

    def why_not(self, ability: Ability) -> str:
        """Why this cannot be done with it, for people; "" where it can."""

    def answer(self) -> None:
        """Take it."""

    def reject(self, busy: bool = False) -> None:
        """Decline it."""

    def ignore(self) -> None:
        """Let it ring elsewhere."""

    def hangup(self) -> None:
        """End it."""

    def hold(self) -> None:
        """Put the other end on hold."""

    def resume(self) -> None:
        """Take it back."""

    def transfer(self, text: str) -> None:
        """Send the other end elsewhere. Raises `PhoneError`."""

    def park(self, code: str, slot: str = "") -> None:
        """Let the other end wait on a parking slot, "" for a free one. Raises `PhoneError`.

        `code`: by which a phone parks, if it is a phone that does it.
        """

    def set_muted(self, muted: bool) -> None:
        """Cut the microphone off. Raises `PhoneError` where that cannot be had."""

    def send_dtmf(self, digits: str) -> None:
        """Send keys. Raises `PhoneError`."""

    def quality(self) -> Quality | None:
        """How it sounds; None where that is not measured."""


class Telephone(Protocol):
    """A phone as the window sees it; see `sip.phone.Phone`."""

    @property
    def registration_changed(self) -> SignalInstance:
        """(Registration, str)."""

    @property
    def call_added(self) -> SignalInstance:
        """(Call)."""

    @property
    def call_removed(self) -> SignalInstance:
        """(Call)."""

    @property
    def error(self) -> SignalInstance:
        """(str): something for a person to know that belongs to no call."""

    @property
    def registration(self) -> Registration:
        """Whether calls can be made and taken."""

    @property
    def registration_text(self) -> str:
        """What is the matter."""

    @property
    def calls(self) -> Sequence[Call]:
        """Those that are not over, oldest first."""

    @property
    def active(self) -> Call | None:
        """The one that is talked on or being dialled."""

    @property
    def conference(self) -> Conference:
        """Calls that are mixed here."""

    def dial(self, text: str) -> Call:
        """Call a number. Raises `PhoneError`."""

    def pick_up(self, text: str, shown: str) -> Call:
        """Take a call that rings elsewhere. Raises `PhoneError`."""

    def switch_to(self, call: Call) -> None:
        """Talk on this one; the others are held."""

    def consult(self, call: Call, text: str) -> Call:
        """Hold this one, and ask somebody else. Raises `PhoneError`."""

    def complete(self, consultation: Call) -> None:
        """Connect the two of a consultation. Raises `PhoneError`."""

    def go_back(self, consultation: Call) -> None:
        """End a consultation."""

    def merge(self) -> None:
        """Talk with all together. Raises `PhoneError`."""

    def bring_in(self, call: Call, other: Call) -> None:
        """Talk with these two, and with the conference, together. Raises `PhoneError`."""
