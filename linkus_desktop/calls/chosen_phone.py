"""The phone that the user works with: this computer's, or the one on the desk (SIP-11)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal

from linkus_desktop.calls.desk_call import DeskCall
from linkus_desktop.calls.desk_phone import DeskPhone, phone_name
from linkus_desktop.sip.values import PhoneError, Registration

if TYPE_CHECKING:
    from linkus_desktop.calls.telephone import Call
    from linkus_desktop.sip.call import Call as SipCall
    from linkus_desktop.sip.conference import Conference
    from linkus_desktop.sip.phone import Phone
    from linkus_desktop.store.settings import Settings

NOT_MIXED = "A desk phone's calls can only be put together on the phone itself."


class ChosenPhone(QObject):
    """Both phones as one `Telephone`: new calls are made with the chosen one, calls stay with their own.

    Signals:
        registration_changed(Registration, str): of the chosen phone.
        call_added(Call), call_removed(Call), error(str): of both.
        chosen(): another phone is used now, or the choice is another one.
    """

    registration_changed = Signal(object, str)
    call_added = Signal(object)
    call_removed = Signal(object)
    error = Signal(str)
    chosen = Signal()

    def __init__(
        self, phone: "Phone", desk: DeskPhone, settings: "Settings", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.desk = desk
        self._phone = phone
        self._settings = settings
        self._told: tuple[Registration, str] | None = None
        for one in (phone, desk):
            one.call_added.connect(self.call_added)
            one.call_removed.connect(self.call_removed)
            one.error.connect(self.error)
        phone.registration_changed.connect(self._on_registration)
        desk.phones_changed.connect(self._on_registration)
        desk.phones_changed.connect(self.chosen)
        settings.changed.connect(self._on_setting)
        self._choose()

    @property
    def is_desk(self) -> bool:
        """Whether it is the desk phone."""
        return self._settings.control_desk_phone

    @property
    def choices(self) -> list[tuple[str | None, str]]:
        """The phones to choose from: a name for `use`, and words; the first is this computer."""
        names = list(dict.fromkeys(phone_name(phone.name) for phone in self.desk.phones))
        missing = self._settings.desk_phone
        if self.is_desk and missing and missing not in names:
            names.append(missing)
        desk = [(name, f"Desk phone: {name}") for name in names] or [("", "Desk phone: none registered")]
        return [(None, "This computer"), *desk]

    @property
    def choice(self) -> str | None:
        """The one that is used, as in `choices`."""
        if not self.is_desk:
            return None
        phone = self.desk.phone
        return self._settings.desk_phone or (phone_name(phone.name) if phone is not None else "")

    def use(self, choice: str | None) -> None:
        """Use this one from now on."""
        if choice is not None:
            self._settings.desk_phone = choice
        self._settings.control_desk_phone = choice is not None

    @property
    def registration(self) -> Registration:
        """Of the chosen phone."""
        return self.desk.registration[0] if self.is_desk else self._phone.registration

    @property
    def registration_text(self) -> str:
        """Of the chosen phone."""
        return self.desk.registration[1] if self.is_desk else self._phone.registration_text

    @property
    def calls(self) -> "Sequence[Call]":
        """Of both, oldest first as far as they are of one."""
        return [*self._phone.calls, *self.desk.calls]

    @property
    def active(self) -> "Call | None":
        """The call that is talked on or being dialled."""
        return self._phone.active or self.desk.active

    @property
    def conference(self) -> "Conference":
        """Calls of this computer that are mixed here."""
        return self._phone.conference

    def dial(self, text: str) -> "Call":
        """Call a number with the chosen phone. Raises `PhoneError`."""
        return self.desk.dial(text) if self.is_desk else self._phone.dial(text)

    def pick_up(self, text: str, shown: str) -> "Call":
        """Take a call with the chosen phone. Raises `PhoneError`."""
        return self.desk.pick_up(text, shown) if self.is_desk else self._phone.pick_up(text, shown)

    def switch_to(self, call: "Call") -> None:
        """Talk on this one; the others of its phone are held."""
        if isinstance(call, DeskCall):
            self.desk.switch_to(call)
        else:
            self._phone.switch_to(cast("SipCall", call))

    def consult(self, call: "Call", text: str) -> "Call":
        """Ask somebody else, with the phone that has the call. Raises `PhoneError`."""
        if isinstance(call, DeskCall):
            return self.desk.consult(call, text)
        return self._phone.consult(cast("SipCall", call), text)

    def complete(self, consultation: "Call") -> None:
        """Connect the two of a consultation. Raises `PhoneError`."""
        if isinstance(consultation, DeskCall):
            self.desk.complete(consultation)
        else:
            self._phone.complete(cast("SipCall", consultation))

    def go_back(self, consultation: "Call") -> None:
        """End a consultation."""
        if isinstance(consultation, DeskCall):
            self.desk.go_back(consultation)
        else:
            self._phone.go_back(cast("SipCall", consultation))

    def merge(self) -> None:
        """Talk with all of this computer's calls together. Raises `PhoneError`."""
        if not any(call.talking for call in self._phone.calls):
            raise PhoneError(NOT_MIXED)
        self._phone.merge()

    def bring_in(self, call: "Call", other: "Call") -> None:
        """Talk with these two of this computer's calls together. Raises `PhoneError`."""
        if isinstance(call, DeskCall) or isinstance(other, DeskCall):
            raise PhoneError(NOT_MIXED)
        self._phone.bring_in(cast("SipCall", call), cast("SipCall", other))

    def _on_setting(self, name: str) -> None:
        if name in {"control_desk_phone", "desk_phone"}:
            self._choose()

    def _choose(self) -> None:
        self.desk.name = self._settings.desk_phone
        self.desk.switch(on=self.is_desk)
        self._on_registration()
        self.chosen.emit()

    def _on_registration(self, *_: object) -> None:
        told = self.registration, self.registration_text
        if told != self._told:
            self._told = told
            self.registration_changed.emit(*told)
