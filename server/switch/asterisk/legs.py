"""A leg on Asterisk: a channel, with its state as of the last event."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from server.rules.routing.call_back import is_marked
from server.switch.asterisk.config import (
    ACCOUNT_VARIABLE,
    CONTEXT_IN,
    CONTEXT_TRUNK,
    HELD_BY_US_VARIABLE,
    HELD_VARIABLE,
    LEG_VARIABLE,
    MEMO_VARIABLE,
    PRIORITY_VARIABLE,
    SOURCE_VARIABLE,
    TO_VARIABLE,
)
from server.switch.asterisk.occupation import Occupation
from server.switch.asterisk.trunk_objects import trunk_name
from server.switch.digits import Digits
from server.switch.port import (
    DEFAULT_MUSIC,
    Ended,
    Leg,
    LegGone,
    LegState,
    Party,
    Reason,
    Recorded,
    Sound,
    Spying,
    Transfer,
    TransferProgress,
    Whisper,
)

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control

REASON_CODES: dict[Reason, int] = {
    Reason.NORMAL: 16,
    Reason.BUSY: 17,
    Reason.DECLINED: 16,
    Reason.NO_ANSWER: 19,
    Reason.UNREGISTERED: 20,
    Reason.UNKNOWN_NUMBER: 1,
    Reason.FORBIDDEN: 21,
    Reason.UNAVAILABLE: 34,
    Reason.ANSWERED_ELSEWHERE: 26,
    Reason.CANCELLED: 16,
}
"""Q.850 causes by which Asterisk gives an unanswered caller the SIP status of `Reason`."""

CHANNEL_STATES = {
    "Down": LegState.NEW,
    "Ring": LegState.NEW,
    "Ringing": LegState.RINGING,
    "Up": LegState.UP,
}

SIP_BY_CAUSE = {1: 404, 17: 486, 18: 408, 19: 480, 20: 480, 21: 603, 34: 503, 42: 503}
"""Status for a leg that ended with a cause but without an answer from the phone."""

MAX_DIALLED = 79
"""Characters of the longest number: as many as the engine itself takes of a request's address."""


class AsteriskLeg(Leg):
    """See `Leg`. Made by the switch; states only advance.

    Attributes:
        occupation: the sound or recording that the engine's thread for it is busy with now.
        music: the music that it is to hear, "" for none, None if that is not known.
        own_music: what it hears in place of `DEFAULT_MUSIC`, None if that is not known.
        sends_telephone_events: whether a digit has come in RTP (RFC 4733).
        playback: id of the latest playback that is known of, "" for none.
        inherited: whether something may be playing that this connection did not begin.
    """

    def __init__(
        self,
        control: "Control",
        leg_id: str,
        *,
        number: str,
        inbound: bool,
        caller: Party,
        trunk: str = "",
        dialled: str = "",
        contact: str = "",
        source: str = "",
        psap_callback: bool = False,
        state: LegState = LegState.NEW,
        held: bool = False,
        held_by_us: bool = False,
        memo: str = "",
        sip_call_id: str = "",
    ) -> None:
        self.id = leg_id
        self.number = number
        self.trunk = trunk
        self.inbound = inbound
        self.dialled = dialled
        self.caller = caller
        self.contact = contact
        self.source = source
        self.psap_callback = psap_callback
        self.state = state
        self.held = held
        self.held_by_us = held_by_us
        self.memo = memo
        self.sip_call_id = sip_call_id
        self.ended: Ended | None = None
        self.hung_up_by_us = False
        self.hangup_cause: int | None = None
        """Q.850 cause by which the phone asked for the end, until the end comes."""
        self.digits = Digits()
        self.sends_telephone_events = False
        self.occupation: Occupation | None = None
        self.music: str | None = ""
        self.own_music: str | None = DEFAULT_MUSIC
        self.playback = ""
        self.inherited = False
        self._control = control
        self._language = ""
        self._heard = asyncio.Event()
        self._settled = asyncio.Event()
        self._gone = asyncio.Event()
        self._transfers: asyncio.Queue[Transfer] = asyncio.Queue()
        self._mark(state)

    def __repr__(self) -> str:
        way = "in" if self.inbound else "out"
        return f"<leg {self.id} {way} {self.number or self.trunk} {self.state.name}>"

    async def mark_held(self, *, on: bool) -> None:
        """See `Leg.mark_held`."""
        await self._control.mark_held(self, on=on)

    async def remember(self, memo: str) -> None:
        """See `Leg.remember`."""
        await self._control.remember(self, memo)

    async def ring(self, callee: Party | None = None) -> None:
        """See `Leg.ring`."""
        await self._control.ring(self, callee)

    async def stop_ringing(self) -> None:
        """See `Leg.stop_ringing`."""
        await self._control.stop_ringing(self)

    async def answer(self) -> None:
        """See `Leg.answer`."""
        if self.state is not LegState.UP:
            await self._control.answer(self)
            await self.answered()

    async def play(self, *sounds: Sound) -> None:
        """See `Leg.play`."""
        await self._control.playing.play(self, sounds)

    async def record(
        self, name: str, *, longest_s: float, silence_s: float | None = None, ends: str = "#"
    ) -> Recorded:
        """See `Leg.record`."""
        return await self._control.recordings.record_leg(
            self, name, longest_s=longest_s, silence_s=silence_s, ends=ends
        )

    async def recording(self, name: str, *, ends: str = "#") -> Recorded | None:
        """See `Leg.recording`."""
        return await self._control.recordings.go_on(self, name, ends=ends)

    async def spy(self, listener: Leg, whisper: Whisper = Whisper.NOBODY) -> Spying:
        """See `Leg.spy`."""
        return await self._control.spy(self, cast("AsteriskLeg", listener), whisper)

    @property
    def language(self) -> str:
        """See `Leg.language`."""
        return self._language or self._control.speech.wanted_by(self.number)

    def speak(self, language: str) -> None:
        """See `Leg.speak`."""
        self._language = language

    async def choose_music(self, name: str) -> None:
        """See `Leg.choose_music`."""
        await self._control.music.choose(self, name)

    async def start_music(self, name: str = DEFAULT_MUSIC) -> None:
        """See `Leg.start_music`."""
        await self._control.music.start(self, name)

    async def stop_music(self) -> None:
        """See `Leg.stop_music`."""
        await self._control.music.stop(self)

    async def answered(self) -> None:
        """See `Leg.answered`."""
        await self._settled.wait()
        self.check()

    async def ringing(self) -> None:
        """See `Leg.ringing`."""
        await self._heard.wait()
        self.check()

    async def tell_to_answer(self) -> None:
        """See `Leg.tell_to_answer`."""
        self.check()
        await self._control.tell_to_answer(self)

    async def send_digits(self, digits: str) -> None:
        """See `Leg.send_digits`."""
        self.check()
        await self._control.send_digits(self, digits)

    async def gone(self) -> Ended:
        """See `Leg.gone`."""
        await self._gone.wait()
        return self.ended or Ended()

    def ask_transfer(self, transfer: Transfer) -> None:
        """See `Leg.ask_transfer`; also how a REFER of the phone arrives."""
        self._transfers.put_nowait(transfer)

    async def transfer_requested(self) -> Transfer:
        """See `Leg.transfer_requested`."""
        return await self._transfers.get()

    async def tell_transfer(self, progress: TransferProgress) -> None:
        """See `Leg.tell_transfer`."""
        if self.ended is None:
            await self._control.tell_transfer(self, progress)

    async def hangup(self, reason: Reason = Reason.NORMAL) -> None:
        """See `Leg.hangup`."""
        if self.ended is None:
            self.hung_up_by_us = True
            await self._control.hangup(self.id, reason)

    async def occupy(self, name: str, stop: Callable[[], Awaitable[object]]) -> Occupation:
        """A new occupation of the leg, once the one before it is over; raises `LegGone`."""
        while self.occupation is not None:
            await asyncio.shield(self.occupation.over)
        self.check()
        self.occupation = Occupation(name, stop, self._vacate)
        return self.occupation

    def next_playback(self) -> str:
        """The id of a new playback: not the latest one's."""
        first, second = playback_ids(self.id)
        self.playback = second if self.playback == first else first
        return self.playback

    async def quiet(self) -> None:
        """Stop what the leg is occupied with, so that it takes requests (see `occupation`)."""
        while self.occupation is not None:
            await self.occupation.stop()

    async def idle(self) -> None:
        """Wait until the leg is not occupied."""
        while self.occupation is not None:
            await asyncio.shield(self.occupation.over)

    def _vacate(self, occupation: Occupation) -> None:
        if self.occupation is occupation:
            self.occupation = None
            if self.music and self.ended is None:
                self._control.later(self._control.music.begin(self))

    def check(self) -> None:
        """Raise `LegGone` if the leg has ended."""
        if self.ended is not None:
            raise LegGone(self.ended)

    def advance(self, state: LegState) -> bool:
        """Take a later state (an earlier one is old news); whether anything changed."""
        if state.value <= self.state.value:
            return False
        self.state = state
        self._mark(state)
        return True

    def end(self, *, sip_code: int | None = None, q850: int | None = None, lost: bool = False) -> bool:
        """The leg is gone; whether that is news. The status counts only for an unanswered outbound leg."""
        if self.ended is not None:
            return False
        unanswered = not self.inbound and self.state is not LegState.UP and not lost
        cause = q850 or self.hangup_cause
        code = sip_code or SIP_BY_CAUSE.get(cause or 0, 480)
        self.ended = Ended(
            sip_code=code if unanswered else None,
            q850=cause,
            by_us=self.hung_up_by_us and not lost,
            lost=lost,
        )
        self.digits.close(LegGone(self.ended))
        if self.occupation is not None:
            self.occupation.end(None)
        return self.advance(LegState.GONE)

    def _mark(self, state: LegState) -> None:
        if state is not LegState.NEW:
            self._heard.set()
        if state in (LegState.UP, LegState.GONE):
            self._settled.set()
        if state is LegState.GONE:
            self._gone.set()


def playback_ids(leg_id: str) -> tuple[str, str]:
    """The ids that the playbacks of a leg have in turn."""
    return leg_id, f"{leg_id}~"


def is_inbound(channel: dict[str, Any]) -> bool:
    """Whether a channel is a call from a phone: those that we dialled carry `LEG_VARIABLE`."""
    return not channel.get("channelvars", {}).get(LEG_VARIABLE)


def leg_of_channel(control: "Control", channel: dict[str, Any]) -> AsteriskLeg | None:
    """The leg that a channel of the REST interface is; None if it is not one of a phone or a trunk.

    Channels are named after the endpoint: `PJSIP/1001-0000002a`.
    """
    technology, _, rest = channel["name"].partition("/")
    number = rest.rpartition("-")[0]
    trunk = trunk_name(number)
    plan, caller, variables = channel["dialplan"], channel["caller"], channel.get("channelvars", {})
    inbound = is_inbound(channel)
    if technology != "PJSIP" or (inbound and plan["context"] != (CONTEXT_TRUNK if trunk else CONTEXT_IN)):
        return None
    # The caller of an outbound leg is who it shows: Asterisk keeps that as the connected party.
    shown = caller if inbound else channel["connected"]
    by_default = number if inbound else ""
    if trunk:  # who calls is what the carrier says, and it may say nothing
        number = by_default = ""
    return AsteriskLeg(
        control,
        channel["id"],
        number=number,
        trunk=trunk,
        inbound=inbound,
        dialled=_dialled(plan["exten"], variables) if inbound else "",
        caller=_party(shown["number"] or by_default, shown["name"]),
        contact=variables.get(LEG_VARIABLE, ""),
        source=variables.get(SOURCE_VARIABLE, ""),
        psap_callback=bool(trunk) and inbound and is_marked(variables.get(PRIORITY_VARIABLE, "")),
        state=CHANNEL_STATES.get(channel["state"], LegState.NEW),
        held=variables.get(HELD_VARIABLE) == "1",
        held_by_us=variables.get(HELD_BY_US_VARIABLE) == "1",
        memo=variables.get(MEMO_VARIABLE, ""),
        sip_call_id=sip_call_id_of(channel),
    )


def sip_call_id_of(channel: dict[str, Any]) -> str:
    """The Call-ID of a channel's dialog; "" from an engine that does not tell (before 20.1)."""
    return str(channel.get("protocol_id") or "")


def _dialled(extension: str, variables: dict[str, str]) -> str:
    """What was dialled: a registrar that sends to our contact has the DID in `To` (RFC 3261, 16.5)."""
    if extension != variables.get(ACCOUNT_VARIABLE):
        return extension
    to = re.search(r"sips?:([^@;>]+)@", variables.get(TO_VARIABLE, ""))
    number = unquote(to.group(1))[:MAX_DIALLED] if to else ""
    return number if number and number.isprintable() else extension


def _party(number: str, name: str) -> Party:
    """A caller that wants to stay unknown (RFC 3323, section 4.1.1.3) has neither number nor name."""
    return Party("") if number.lower() == "anonymous" else Party(number=number, name=name)
