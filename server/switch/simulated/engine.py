"""The engine of the simulation: what goes on whether or not a server is connected to it."""

import asyncio
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from server.switch.port import (
    DEFAULT_MUSIC,
    SILENCE,
    Contact,
    Ended,
    LegState,
    Party,
    Reason,
    SipEndpoint,
    SipTrunk,
)
from server.switch.simulated.board import Board
from server.switch.simulated.carrier import Carrier
from server.switch.simulated.phones import SIP_CODES, Behaviour, Dialog, Phone
from server.switch.simulated.recording import Recorder
from server.switch.simulated.sound import Playback
from server.switch.simulated.spying import Spy
from server.switch.sound import Sound

TIMER_B_S = 32.0
"""Seconds after which an INVITE without any response counts as refused with 408 (RFC 3261, 17.1.1.2)."""


class SimulatedEngine:
    """Phones, dialogs and bridges.

    Attributes:
        dialogs: those that have not ended, by id.
        bridges: ids of the dialogs in each bridge, by id.
        up: whether the process runs.
        endpoints, trunks, blocked: what was pushed.
        music: names of the music that there is.
        tracks: those of each music on hold; none: the engine's own.
        files: length in seconds of each sound file of ours, by its path without extension.
        recorder: what is recorded.
        spies: who listens to whom (see `server.switch.simulated.spying.heard_by`).
        carriers: those behind the trunks, by the trunk's name.
        board: the lamps, and who watches them.
        on_dialog, on_contacts, on_incoming, on_refer, on_trunk, on_digit: where a connected switch listens.
    """

    def __init__(self) -> None:
        self.dialogs: dict[str, Dialog] = {}
        self.bridges: dict[str, set[str]] = {}
        self.phones: list[Phone] = []
        self.endpoints: dict[str, SipEndpoint] = {}
        self.trunks: dict[str, SipTrunk] = {}
        self.carriers: dict[str, Carrier] = {}
        self.blocked: tuple[str, ...] = ()
        self.music = {DEFAULT_MUSIC, SILENCE}
        self.recorder = Recorder(self)
        self.spies: list[Spy] = []
        self.board = Board()
        self.files: dict[Path, float] = {}
        self.tracks: dict[str, tuple[Path, ...]] = {}
        self.up = True
        self.on_dialog: Callable[[Dialog], None] = nobody
        self.on_incoming: Callable[[Dialog], None] = nobody
        self.on_contacts: Callable[[str], None] = nobody
        self.on_refer: Callable[[Dialog, str, Dialog | None], None] = nobody
        self.on_trunk: Callable[[str], None] = nobody
        self.on_digit: Callable[[Dialog, str], None] = nobody
        self._untold: set[Phone] = set()
        self._numbers = itertools.count(1)

    # phones

    def phone(
        self,
        number: str,
        behaviour: Behaviour | None = None,
        *,
        reachable: bool = True,
        told_after_s: float | None = None,
        user_agent: str = "Simulated",
    ) -> Phone:
        """Register one more phone of an extension; the switch hears of it at once, or after some time."""
        position = next(self._numbers)
        contact = Contact(
            number=number,
            uri=f"sip:{number}@192.0.2.{position % 250}:{5000 + position}",
            user_agent=user_agent,
            reachable=reachable,
            address=f"192.0.2.{position % 250}:{5000 + position}",
        )
        phone = Phone(self, contact, behaviour or Behaviour.rings())
        self.phones.append(phone)
        if told_after_s is None:
            self.on_contacts(number)
        else:
            self._untold.add(phone)
            asyncio.get_running_loop().call_later(told_after_s, self._tell, phone)
        return phone

    def _tell(self, phone: Phone) -> None:
        self._untold.discard(phone)
        self.on_contacts(phone.number)

    def unregister(self, phone: Phone) -> None:
        """Forget a phone's registration; its dialogs stay."""
        if phone in self.phones:
            self.phones.remove(phone)
            self.on_contacts(phone.number)

    def contacts(self, number: str, *, untold: bool = False) -> tuple[Contact, ...]:
        """Registered phones of an extension; with `untold` also those the switch has not heard of yet."""
        phones = [phone for phone in self.phones if phone.number == number]
        return tuple(phone.contact for phone in phones if untold or phone not in self._untold)

    def invite_from(
        self, phone: Phone, dialled: str, caller: Party, *, psap_callback: bool = False
    ) -> Dialog:
        """A phone or a carrier calls. The engine refuses strangers, and without a server everybody."""
        dialog = Dialog(
            id=f"in-{next(self._numbers)}",
            phone=phone,
            number=phone.number,
            inbound=True,
            dialled=dialled,
            caller=caller,
            contact="",
            source=phone.contact.address,
            trunk=phone.trunk,
            psap_callback=psap_callback,
        )
        stranger = phone.trunk != "" and phone.trunk not in self.trunks
        if not self.up or self.on_incoming is nobody or stranger:
            dialog.state, dialog.ended = LegState.GONE, Ended(by_us=True)
            dialog.told = 401 if self.up and stranger else 503
            return dialog
        self.dialogs[dialog.id] = dialog
        self.on_incoming(dialog)
        return dialog

    # carriers

    def carrier(
        self, trunk: str, behaviour: Behaviour | None = None, *, secret: str | None = None
    ) -> Carrier:
        """Have a carrier behind the trunk of this name; `secret`: the only one it takes."""
        carrier = self.carriers[trunk] = Carrier(self, trunk, behaviour, secret=secret)
        self.on_trunk(trunk)
        return carrier

    def set_trunks(self, trunks: Iterable[SipTrunk]) -> None:
        """These are all the trunks now."""
        before, self.trunks = self.trunks, {trunk.name: trunk for trunk in trunks}
        for name, trunk in self.trunks.items():
            if before.get(name) != trunk:
                self.on_trunk(name)

    # what a connected server asks for

    def invite_to(  # noqa: PLR0917
        self,
        contact: Contact,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        headers: Mapping[str, str],
        memo: str = "",
    ) -> Dialog:
        """Send an INVITE to a phone; one that is not there never responds."""
        phone = next((phone for phone in self.phones if phone.contact == contact), None)
        dialog = self._invite(phone, contact, leg_id=leg_id, caller=caller, timeout_s=timeout_s, memo=memo)
        dialog.headers = headers
        return dialog

    def invite_over(self, trunk: str, number: str, leg_id: str, caller: Party, timeout_s: float) -> Dialog:
        """Send an INVITE for a number over a trunk; a silent carrier is given up after `TIMER_B_S`."""
        carrier = self.carriers.get(trunk)
        there = carrier if carrier is not None and carrier.up else None
        uri = f"sip:{number}@{trunk}"
        dialog = self._invite(
            there, Contact("", uri), leg_id=leg_id, caller=caller, timeout_s=timeout_s, trunk=trunk
        )
        dialog.timers.append(asyncio.get_running_loop().call_later(TIMER_B_S, self._no_sign, dialog))
        return dialog

    def _invite(
        self,
        phone: Phone | None,
        contact: Contact,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        trunk: str = "",
        memo: str = "",
    ) -> Dialog:
        dialog = Dialog(
            id=leg_id,
            phone=phone,
            number=contact.number,
            inbound=False,
            dialled="",
            caller=caller,
            contact=contact.uri,
            trunk=trunk,
            memo=memo,
        )
        self.dialogs[leg_id] = dialog
        loop = asyncio.get_running_loop()
        dialog.timers.append(loop.call_later(timeout_s, self._time_out, dialog))
        self.on_dialog(dialog)
        if phone is not None:
            phone.invited(dialog)
        return dialog

    def play(self, dialog: Dialog, sounds: Sequence[Sound], language: str) -> Playback:
        """Play sounds to one phone; whatever it heard before stops."""
        dialog.quiet()

        def done() -> None:
            dialog.playback = None

        dialog.playback = Playback(sounds, self.files, dialog.heard, done, language)
        return dialog.playback

    def hang_up(self, dialog: Dialog, reason: Reason) -> None:
        """End a dialog from our side."""
        dialog.why = reason
        if dialog.inbound and dialog.state is not LegState.UP:
            dialog.told = SIP_CODES[reason]
        self.end(dialog, Ended(by_us=True))

    # what happens to dialogs

    def change(
        self,
        dialog: Dialog,
        *,
        state: LegState | None = None,
        held: bool | None = None,
        held_by_us: bool | None = None,
    ) -> None:
        """State or hold of a dialog is now this."""
        if dialog.state is LegState.GONE:
            return
        if state is not None:
            dialog.state = state
        if held is not None:
            dialog.held = held
        if held_by_us is not None:
            dialog.held_by_us = held_by_us
        self.recorder.listen()
        self.on_dialog(dialog)

    def end(self, dialog: Dialog, ended: Ended) -> None:
        """A dialog is over."""
        if dialog.state is LegState.GONE:
            return
        dialog.state, dialog.ended = LegState.GONE, ended
        for timer in dialog.timers:
            timer.cancel()
        dialog.timers.clear()
        self.recorder.listen()
        dialog.music = ""
        dialog.quiet()
        self.dialogs.pop(dialog.id, None)
        self.spies = [spy for spy in self.spies if spy.leg != dialog.id]
        for members in self.bridges.values():
            members.discard(dialog.id)
        self.on_dialog(dialog)

    def crash(self) -> None:
        """kill -9: everything in it is gone. Phones notice nothing; registrations are on disk."""
        self.up = False
        self.recorder.lose()
        for dialog in list(self.dialogs.values()):
            self.end(dialog, Ended(lost=True))
        self.bridges.clear()
        self.spies.clear()
        self.board.crash()
        self.endpoints.clear()
        self.trunks.clear()
        self.blocked = ()

    def _no_sign(self, dialog: Dialog) -> None:
        if dialog.state is LegState.NEW:
            self.end(dialog, Ended(sip_code=408))

    def _time_out(self, dialog: Dialog) -> None:
        if dialog.state in (LegState.NEW, LegState.RINGING):
            self.end(dialog, Ended(by_us=True))


def nobody(*_: object) -> None:
    """Nobody is connected."""
