"""The switch as the rest of the server sees it: legs, bridges, registrations, events.

Nothing above this port knows Asterisk. Adapters: `server.switch.asterisk`, `server.switch.simulated`.

All of it runs on one event loop. Methods that reach the engine raise `SwitchUnavailable` when it is not
there, and `LegGone` when the leg ended meanwhile; releasing (`hangup`, `close`) never raises for something
that is gone already.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from server.switch.digits import Digits
from server.switch.events import ContactsChanged as ContactsChanged
from server.switch.events import Down as Down
from server.switch.events import Dtmf as Dtmf
from server.switch.events import Event as Event
from server.switch.events import Incoming as Incoming
from server.switch.events import LegChanged as LegChanged
from server.switch.events import Listener as Listener
from server.switch.events import SwitchStatus as SwitchStatus
from server.switch.events import TrunkChanged as TrunkChanged
from server.switch.events import Up as Up
from server.switch.lamp import Lamp as Lamp
from server.switch.lamp import LampBoard as LampBoard
from server.switch.lamp import LampPanel as LampPanel
from server.switch.lamp import LampState as LampState
from server.switch.lamp import MessagesWaiting as MessagesWaiting
from server.switch.recording import BridgeRecording as BridgeRecording
from server.switch.recording import Recorded as Recorded
from server.switch.sound import Sound as Sound
from server.switch.sound import Tone as Tone
from server.switch.speech import Speech as Speech
from server.switch.spying import Spying as Spying
from server.switch.spying import Whisper as Whisper
from server.switch.trunk import CallerIdPolicy as CallerIdPolicy
from server.switch.trunk import SipTrunk as SipTrunk
from server.switch.trunk import TrunkKind as TrunkKind
from server.switch.trunk import TrunkState as TrunkState
from server.switch.trunk import TrunkStatus as TrunkStatus
from server.switch.values import Contact as Contact
from server.switch.values import DiskFull as DiskFull
from server.switch.values import Ended as Ended
from server.switch.values import LegGone as LegGone
from server.switch.values import LegState as LegState
from server.switch.values import Party as Party
from server.switch.values import Reason as Reason
from server.switch.values import SecurityEvent as SecurityEvent
from server.switch.values import SecurityKind as SecurityKind
from server.switch.values import SipEndpoint as SipEndpoint
from server.switch.values import SwitchError as SwitchError
from server.switch.values import SwitchUnavailable as SwitchUnavailable
from server.switch.values import Transfer as Transfer
from server.switch.values import TransferProgress as TransferProgress

REALM = "linkus"
"""Realm of SIP digest authentication (RFC 3261, section 22): the same for known and unknown users."""


DEFAULT_MUSIC = "default"
"""The music on hold that every engine has."""

SILENCE = "silence"
"""No music, but a stream: some phones end a call in which they receive nothing for half a minute."""


class Leg(ABC):
    """One SIP dialog between the PBX and a phone or a trunk.

    Attributes are current as of the last event of the engine.

    Attributes:
        id: unique; for legs that we dial, the id that was given.
        number: the extension whose phone it is; "" for a trunk's leg.
        trunk: name of the trunk it goes over; "" for a phone's leg.
        inbound: True if the phone, or the trunk, called us.
        dialled: what an inbound leg dialled, as dialled (from a trunk, the DID); "" for an outbound one.
        caller: inbound, who calls, as authenticated (number = the extension, name = its display name). From a
            trunk it is what the carrier says (P-Asserted-Identity, else From), empty if that is nothing: it
            may look like an extension but never is one.
        state, held: `held` is True while the phone itself has put the call on hold.
        held_by_us: whether we hold the call for its extension (see `mark_held`).
        memo: what was noted on it for a later server (see `remember`); "" for nothing.
        contact: outbound, the contact URI it was sent to.
        sip_call_id: the Call-ID of its dialog (RFC 3261, section 8.1.1.4), by which a phone knows its call;
            "" where the engine does not tell it.
        source: inbound from a phone, where its INVITE came from (as `Contact.address`); "": unknown.
        psap_callback: inbound from a trunk: it says that an emergency centre calls back (RFC 7090).
        digits: those that the phone has sent and nobody has read yet (see `server.switch.digits`).
        ended: how it ended; None: it has not.
    """

    id: str
    number: str
    trunk: str
    inbound: bool
    dialled: str
    caller: Party
    state: LegState
    held: bool
    held_by_us: bool
    memo: str
    contact: str
    sip_call_id: str
    source: str
    psap_callback: bool
    digits: Digits
    ended: Ended | None

    @property
    def holds(self) -> bool:
        """Whether its extension holds the call, itself or by us."""
        return self.held or self.held_by_us

    @abstractmethod
    async def mark_held(self, *, on: bool) -> None:
        """Note that we hold the call for this leg's extension, or do so no longer; a later server finds it.

        It is told as `LegChanged`. Nothing else changes: who hears what is up to whoever holds.
        """

    @abstractmethod
    async def remember(self, memo: str) -> None:
        """Note this on the leg, in place of what was noted before; a later server finds it as `memo`.

        About 1000 characters at most, in one line. What is being played to the leg ends.
        """

    @abstractmethod
    async def ring(self, callee: Party | None = None) -> None:
        """Inbound: tell the caller that it rings (180), and whom (P-Asserted-Identity, RFC 3325).

        A leg that is up hears the ringing tone instead, until `stop_ringing`; it must not be in a bridge.
        """

    @abstractmethod
    async def stop_ringing(self) -> None:
        """End the ringing tone that a leg hears which is up."""

    @abstractmethod
    async def answer(self) -> None:
        """Inbound: answer (200) and wait until the leg is up."""

    @abstractmethod
    async def answered(self) -> None:
        """Outbound: return once the phone has answered; raise `LegGone` if it ended before."""

    @abstractmethod
    async def ringing(self) -> None:
        """Outbound: return once the phone rings or has answered; raise `LegGone` if it ended before."""

    @abstractmethod
    async def play(self, *sounds: Sound) -> None:
        """Play sounds one after the other to this leg alone; return when the last has ended.

        Also before the answer (as early media), and in a bridge: the others there hear neither the sound nor,
        while it lasts, this leg. One that comes while another plays waits its turn. Cancelling it stops the
        sound at once. It ends early, without an error, when the leg is answered, made to ring, put in a
        bridge or taken out of one. Raises `LegGone` if the leg ends, `SwitchError` for a sound that does not
        exist (nothing is heard then), `ValueError` for no sounds or for one after a tone.
        """

    @property
    @abstractmethod
    def language(self) -> str:
        """In which prompts are said to it: what `speak` said last, else its extension's (see `Speech`)."""

    @abstractmethod
    def speak(self, language: str) -> None:
        """Say prompts to it in this language from now on; a later server does not know of it."""

    @abstractmethod
    async def choose_music(self, name: str) -> None:
        """Wherever this leg is to hear `DEFAULT_MUSIC` it hears this one, from its next beginning on.

        So it does when a phone that it talks with puts it on hold, which the engine sees to by itself, and
        after a restart of ours. A name that there is no music of counts as `DEFAULT_MUSIC`, which is what
        each leg hears at first. Idempotent. Raises `LegGone`; `SwitchError` if it cannot be done.
        """

    @abstractmethod
    async def start_music(self, name: str = DEFAULT_MUSIC) -> None:
        """Play music on hold to this leg, also when it is alone, until `stop_music`. Idempotent.

        It is interrupted by `play` and goes on afterwards; putting the leg in a bridge ends it. In a bridge
        the leg hears the music instead of the others. Raises `SwitchError` if there is no such music.
        """

    @abstractmethod
    async def stop_music(self) -> None:
        """End the music. Idempotent; a leg that is gone is fine."""

    @abstractmethod
    async def record(
        self, name: str, *, longest_s: float, silence_s: float | None = None, ends: str = "#"
    ) -> Recorded:
        """Record what this leg says, alone and in no bridge; return the file once that has ended.

        It ends after `longest_s`, after `silence_s` of silence, with a digit out of `ends`, with the leg's
        end, or as a sound does (see `play`). Digits dialled before and meanwhile count as read. `name` is a
        relative path without extension; the file lies under a folder of the engine. Raises `LegGone` if the
        leg had ended before; `SwitchError` if the engine is lost, if there is such a recording already, or
        if the disk is full: the call goes on. Cancelling it ends the recording and keeps the file.
        """

    @abstractmethod
    async def recording(self, name: str, *, ends: str = "#") -> Recorded | None:
        """Go on with the recording of this name that an earlier server has begun of this leg (see `record`).

        It has gone on meanwhile, and ends as it would have; one that has ended is returned at once. None:
        there is no such one, or it is empty. Nothing else is to be asked of the leg before this returns.
        """

    @abstractmethod
    async def spy(self, listener: "Leg", whisper: Whisper = Whisper.NOBODY) -> Spying:
        """Let `listener`, which is up and in no bridge, hear this leg and whom it talks with.

        It goes on when this leg is moved to another bridge, and is over when this leg ends; even then it
        must be stopped. Raises `LegGone` if either leg has ended. What an earlier server has begun is over
        before `Up` is told.
        """

    @abstractmethod
    async def tell_to_answer(self) -> None:
        """Outbound, ringing: have the phone answer, by a NOTIFY with `Event: talk`.

        Whether it does is up to the phone: see `answered`. Raises `SwitchError` if it could not be told.
        """

    @abstractmethod
    async def send_digits(self, digits: str) -> None:
        """Send these (0-9, `*`, `#`, A-D) to the phone, as if whom it talks with had pressed them."""

    @abstractmethod
    async def gone(self) -> Ended:
        """Return once the leg has ended, however that came."""

    @abstractmethod
    def ask_transfer(self, transfer: Transfer) -> None:
        """Ask for this transfer as the phone could: its call is sent on though it has not asked."""

    @abstractmethod
    async def transfer_requested(self) -> Transfer:
        """Return the oldest transfer that was asked for on this leg and that nobody has taken up yet."""

    @abstractmethod
    async def tell_transfer(self, progress: TransferProgress) -> None:
        """Tell the phone how its transfer goes. Never raises: the transfer does not depend on it."""

    @abstractmethod
    async def hangup(self, reason: Reason = Reason.NORMAL) -> None:
        """End the leg. Idempotent; a leg that is gone is fine; an engine that is away is fine."""


class Bridge(ABC):
    """A mixing bridge: the legs in it hear each other.

    Attributes:
        id: as given to `Switch.bridge`.
        legs: ids of the legs in it, as last known.
    """

    id: str
    legs: frozenset[str]

    @abstractmethod
    async def add(self, *legs: Leg) -> None:
        """Put legs in; raises `LegGone` if one has ended."""

    @abstractmethod
    async def remove(self, *legs: Leg) -> None:
        """Take legs out; they stay up."""

    @abstractmethod
    async def record(self, name: str) -> BridgeRecording:
        """Begin to record all that is said in it, until it is stopped or the bridge is closed.

        `name` and errors are those of `Leg.record`; `DiskFull` if there is no room.
        """

    @abstractmethod
    async def recording(self, name: str) -> BridgeRecording | None:
        """The recording of this name, which an earlier server has begun; None if it is not under way."""

    @abstractmethod
    async def close(self) -> None:
        """Destroy the bridge; legs in it stay up. Idempotent."""


# What a switch tells its listeners. Each is called on the loop, in order, and must not block.


class Switch(ABC):
    """The telephony engine."""

    speech: Speech
    """In which languages it speaks to whom; set at any time, it holds from the next sound on."""

    @abstractmethod
    async def start(self) -> None:
        """Start or adopt the engine in the background and return; `Up` or `Down` follow as events.

        A problem (no engine, taken port, full disk) is a `Down` with a clear message and a retry, never an
        exception: the rest of the server must keep answering.
        """

    @abstractmethod
    async def aclose(self, *, stop_engine: bool = True) -> None:
        """Stop. With `stop_engine` False a private engine keeps running for the next server to adopt."""

    @abstractmethod
    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` for every event from now on; the returned function ends that."""

    @property
    @abstractmethod
    def status(self) -> SwitchStatus:
        """As of now, without I/O."""

    @abstractmethod
    def legs(self) -> Sequence[Leg]:
        """All legs the switch knows of and that are not gone.

        After `Up(restarted=False)` this includes legs that an earlier server had; their ids are the same.
        """

    @abstractmethod
    def bridges(self) -> Sequence[Bridge]:
        """All bridges that exist, including those that an earlier server made."""

    @abstractmethod
    def contacts(self, number: str) -> tuple[Contact, ...]:
        """Registered phones of an extension, as of the last event of the engine; empty if none."""

    @abstractmethod
    async def read_contacts(self, number: str) -> tuple[Contact, ...]:
        """Registered phones of an extension, asked anew of the engine; empty if none.

        For the moment after a registration: the engine tells of phones and of calls on separate ways, so a
        call may arrive before the news that its callee has just registered. `user_agent` may be empty.
        """

    @abstractmethod
    async def dial(
        self,
        contact: Contact,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,
        headers: dict[str, str] | None = None,
        memo: str = "",
    ) -> Leg:
        """Send an INVITE to one phone, showing `caller`; returns at once with the new leg.

        After `timeout_s` seconds the leg ends by itself. `for_leg` is the inbound leg this is for (codec
        preference, linked ids). `memo` is noted on it before it exists (see `Leg.remember`). A duplicate
        `leg_id` raises `SwitchError`.
        """

    @abstractmethod
    async def push_trunks(self, trunks: Sequence[SipTrunk]) -> None:
        """These are all the trunks: new and changed ones are set up, others removed, equal ones not touched.

        Also in an engine that an earlier server left running. Registrations of removed ones are withdrawn;
        calls go on, whatever happens to their trunk. What one trunk lacks keeps no other one from being set
        up; it is raised as `SwitchError` at the end. A new engine is given them again by itself.
        """

    @abstractmethod
    async def set_music(self, music: Mapping[str, Sequence[Path]]) -> None:
        """Music on hold is made of these files, in order, from the next time on; there is no other music.

        Names are lower-case letters, digits and dashes. `DEFAULT_MUSIC` without files is the engine's own;
        what else has none does not exist. Files of ours, as in `Sound.file`, with their extensions. Raises
        `SwitchError` where that fails; who hears the old music hears it to the end of its track.
        """

    @abstractmethod
    async def take_voices(self) -> None:
        """Have the engine say what the voices of `speech` say, from the next sound on, and no others."""

    @property
    @abstractmethod
    def lamps(self) -> LampPanel:
        """What desk phones are shown."""

    @abstractmethod
    def trunks(self) -> Mapping[str, TrunkState]:
        """State of every trunk by name, as of the last event of the engine; all unknown without engine."""

    @abstractmethod
    async def dial_trunk(
        self,
        name: str,
        number: str,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,
        headers: dict[str, str] | None = None,
    ) -> Leg:
        """Send an INVITE for `number`, as it is, over a trunk, showing `caller` by its policy; as `dial`.

        A trunk that there is not, or a number that is empty, raises `SwitchError`.
        """

    @abstractmethod
    async def bridge(self, bridge_id: str) -> Bridge:
        """Make a bridge with this id."""

    @abstractmethod
    async def left_recordings(self, folder: str) -> list[str]:
        """Names of the recordings in a folder of the engine, finished or not: `calls` has `calls/a1`."""

    @abstractmethod
    async def finish_recording(self, name: str) -> Recorded | None:
        """End a recording that nobody conducts any more, and give what there is of it; None for nothing.

        Also of one that the engine, or its machine, was stopped in. An empty file is removed.
        """

    @abstractmethod
    async def push(self, endpoints: Sequence[SipEndpoint]) -> None:
        """Make these extensions known, or change them; others are not touched."""

    @abstractmethod
    async def known(self) -> frozenset[str]:
        """Extensions that the engine knows now, also those that an earlier server pushed.

        One that was removed may be listed for some milliseconds more, while the engine works off a last
        request of its phone; removing it again is fine.
        """

    @abstractmethod
    async def remove(self, number: str) -> None:
        """Forget an extension: its phones are unregistered and refused at once; its legs are hung up."""

    @abstractmethod
    async def block(self, addresses: Sequence[str]) -> None:
        """Refuse all SIP from these IP addresses; replaces the earlier set."""
