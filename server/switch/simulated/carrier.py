"""The carrier of the simulation, at the other end of a trunk."""

from typing import TYPE_CHECKING

from server.switch.port import Contact, Ended, Party, SipTrunk, TrunkKind, TrunkState, TrunkStatus
from server.switch.simulated.phones import Behaviour, Dialog, Phone

if TYPE_CHECKING:
    from server.switch.simulated.engine import SimulatedEngine


class Carrier(Phone):
    """Takes any number of calls over its trunk, and calls in to a DID.

    What it does with a call: the `behaviours` of the number if it has one, else what the last three digits
    ask for, 400 to 699 to refuse with that status and 200 to ring for ever, else `behaviour`.

    Attributes:
        trunk: name of the trunk.
        behaviours: by number.
        up: whether it is there.
        secret: the only secret with which a trunk may register; None takes any.
    """

    def __init__(
        self,
        engine: "SimulatedEngine",
        trunk: str,
        behaviour: Behaviour | None = None,
        *,
        secret: str | None = None,
    ) -> None:
        super().__init__(engine, Contact("", f"sip:{trunk}"), behaviour or Behaviour.answers())
        self.trunk = trunk
        self.behaviours: dict[str, Behaviour] = {}
        self.up = True
        self.secret = secret

    def behaviour_in(self, dialog: Dialog) -> Behaviour:
        """See the class."""
        number = number_in(dialog)
        if number in self.behaviours:
            return self.behaviours[number]
        ending = int(number[-3:]) if number[-3:].isdigit() else 0
        if 400 <= ending < 700:
            return Behaviour.refuses(ending)
        return Behaviour.rings() if ending == 200 else self.behaviour

    def call(self, dialled: str, *, name: str = "", caller: str = "", psap_callback: bool = False) -> Dialog:
        """Send an INVITE to a DID, with any caller. An engine without such a trunk refuses it."""
        return self._engine.invite_from(self, dialled, Party(caller, name), psap_callback=psap_callback)

    def lose(self) -> None:
        """Be gone without a word: its dialogs end by and by, here at once."""
        self.up = False
        for dialog in [dialog for dialog in self._engine.dialogs.values() if dialog.phone is self]:
            self._engine.end(dialog, Ended(q850=44))
        self._engine.on_trunk(self.trunk)

    def back(self) -> None:
        """Be there again."""
        self.up = True
        self._engine.on_trunk(self.trunk)


def number_in(dialog: Dialog) -> str:
    """The number that was dialled over a trunk."""
    return dialog.contact.removeprefix("sip:").rpartition("@")[0]


def trunk_state(trunk: SipTrunk, carrier: Carrier | None) -> TrunkState:
    """What an engine finds out about a trunk."""
    there = carrier is not None and carrier.up
    if trunk.kind is TrunkKind.PEER:
        if there:
            return TrunkState(TrunkStatus.REACHABLE)
        return TrunkState(TrunkStatus.UNREACHABLE, f"{trunk.host}:{trunk.port} does not answer.")
    if carrier is None or not carrier.up:
        return TrunkState(TrunkStatus.UNREGISTERED, "The carrier does not answer the registration.")
    if carrier.secret not in (None, trunk.secret):
        return TrunkState(TrunkStatus.REJECTED, "The carrier refused the registration (SIP 403).")
    return TrunkState(TrunkStatus.REGISTERED)
