"""Legs and bridges by id, kept from the engine's events. No I/O: it translates, and emits.

A caller's CANCEL or BYE gives `StasisEnd`; `ChannelDestroyed` of legs that we dialled brings the SIP status.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from server.switch.asterisk.ami import Message
from server.switch.asterisk.bridges import AsteriskBridge
from server.switch.asterisk.control import Control
from server.switch.asterisk.dtmf import BEGIN, digit_of, is_release
from server.switch.asterisk.legs import (
    CHANNEL_STATES,
    AsteriskLeg,
    is_inbound,
    leg_of_channel,
    sip_call_id_of,
)
from server.switch.port import Dtmf, Event, Incoming, LegChanged, LegState, Transfer

Json = dict[str, Any]
DROPPED = 256
"""How many of the legs that are gone are kept for events about them that come late."""


class Channels:
    """The legs and bridges of the engine.

    Attributes:
        legs: those that are not gone, by id.
        bridges: those that exist, by id.
    """

    def __init__(self, control: Control, emit: Callable[[Event], None]) -> None:
        self.legs: dict[str, AsteriskLeg] = {}
        self._dropped: OrderedDict[str, AsteriskLeg] = OrderedDict()
        self.bridges: dict[str, AsteriskBridge] = {}
        self._control = control
        self._emit = emit
        self._handlers: dict[str, Callable[[Json], None]] = {
            "StasisStart": self._on_start,
            "StasisEnd": self._on_stasis_end,
            "ChannelStateChange": self._on_state,
            "Dial": self._on_dial,
            "ChannelHangupRequest": self._on_hangup_request,
            "ChannelDestroyed": self._on_destroyed,
            "ChannelHold": self._on_hold,
            "ChannelUnhold": self._on_hold,
            "ChannelTransfer": self._on_transfer,
            "ChannelEnteredBridge": self._on_entered,
            "ChannelLeftBridge": self._on_left,
            "BridgeDestroyed": self._on_bridge_destroyed,
            "PlaybackFinished": self._on_playback_finished,
            "RecordingFinished": control.recordings.on_end,
            "RecordingFailed": control.recordings.on_end,
        }

    def handle(self, event: Json) -> None:
        """Take in one event of the REST interface."""
        if handler := self._handlers.get(event["type"]):
            handler(event)

    def handle_dtmf(self, message: Message) -> None:
        """Take in an event of the manager interface about a digit.

        That a phone has hung up comes another way, and may be read before the last keys that it has sent.
        """
        leg = self.legs.get(message.get("Uniqueid", ""))
        if leg is None:
            gone = self._dropped.get(message.get("Uniqueid", ""))
            if gone is not None and (digit := digit_of(message, gone)):
                gone.digits.put(digit)
            return
        if digit := digit_of(message, leg):
            leg.digits.put(digit, pressed=message["Event"] == BEGIN)
            self._emit(Dtmf(leg, digit))
        if is_release(message):
            leg.digits.release()

    def add(self, leg: AsteriskLeg) -> None:
        """A new leg, about to be dialled."""
        self.legs[leg.id] = leg
        self._emit(LegChanged(leg))

    def drop(self, leg: AsteriskLeg) -> None:
        """A leg is gone (its `end` was called): tell, and forget it."""
        if self.legs.pop(leg.id, None) is not None:
            self._dropped[leg.id] = leg
            while len(self._dropped) > DROPPED:
                self._dropped.popitem(last=False)
            self._emit(LegChanged(leg))

    def lose_all(self) -> None:
        """The engine is gone, and everything with it."""
        for leg in list(self.legs.values()):
            leg.end(lost=True)
            self.drop(leg)
        for bridge in self.bridges.values():
            bridge.closed = True
            bridge.legs = frozenset()
        self.bridges.clear()

    def lose_connection(self) -> None:
        """Events are missing from now on: nothing that is played will be told to have ended."""
        for leg in self.legs.values():
            if leg.occupation is not None:
                leg.inherited = True
                leg.occupation.end(None)

    def replace(self, channels: Iterable[Json], bridges: Iterable[Json], *, before_ms: int) -> None:
        """Take in full lists, read after a reconnect. Channels newer than `before_ms` tell of themselves."""
        seen = {}
        for channel in channels:
            known = self.legs.get(channel["id"])
            fresh = leg_of_channel(self._control, channel)
            if fresh is None or (known is None and _created_ms(channel) >= before_ms):
                continue
            seen[fresh.id] = known or fresh
            if known is None:
                fresh.inherited, fresh.music, fresh.own_music = True, None, None
                if fresh.inbound:  # an earlier server will have rung: it does so within milliseconds
                    fresh.advance(LegState.RINGING)
                self.add(fresh)
            elif known.advance(fresh.state) or known.held != fresh.held:
                known.held = fresh.held
                self._emit(LegChanged(known))
        for leg in [leg for leg in self.legs.values() if leg.id not in seen]:
            leg.end()
            self.drop(leg)
        now = {bridge["id"]: frozenset(bridge["channels"]) for bridge in bridges}
        for bridge_id in [bridge_id for bridge_id in self.bridges if bridge_id not in now]:
            self._close(bridge_id)
        for bridge_id, legs in now.items():
            bridge = self.bridges.setdefault(bridge_id, AsteriskBridge(self._control, bridge_id))
            bridge.legs = legs

    def _on_start(self, event: Json) -> None:
        channel = event["channel"]
        if leg := self.legs.get(channel["id"]):
            leg.sip_call_id = leg.sip_call_id or sip_call_id_of(channel)
            self._advance(leg, CHANNEL_STATES.get(channel["state"], LegState.NEW))
        elif is_inbound(channel) and (leg := leg_of_channel(self._control, channel)):
            self.add(leg)
            self._emit(Incoming(leg))

    def _on_state(self, event: Json) -> None:
        leg = self.legs.get(event["channel"]["id"])
        if leg is None:
            return
        state = CHANNEL_STATES.get(event["channel"]["state"], LegState.NEW)
        # A leg that we dialled can be put in a bridge only once it has entered our application.
        if leg.inbound or state is not LegState.UP:
            self._advance(leg, state)

    def _on_dial(self, event: Json) -> None:
        leg = self.legs.get(event["peer"]["id"])
        if leg is not None and event["dialstatus"] in ("RINGING", "PROGRESS"):
            self._advance(leg, LegState.RINGING)

    def _on_hangup_request(self, event: Json) -> None:
        if leg := self.legs.get(event["channel"]["id"]):
            leg.hangup_cause = event.get("cause")

    def _on_stasis_end(self, event: Json) -> None:
        leg = self.legs.get(event["channel"]["id"])
        if leg is not None:
            leg.end()
            self.drop(leg)

    def _on_destroyed(self, event: Json) -> None:
        leg = self.legs.get(event["channel"]["id"])
        if leg is not None:
            leg.end(sip_code=event.get("tech_cause") or None, q850=event.get("cause") or None)
            self.drop(leg)

    def _on_hold(self, event: Json) -> None:
        leg = self.legs.get(event["channel"]["id"])
        held = event["type"] == "ChannelHold"
        if leg is not None and leg.held != held:
            leg.held = held
            self._control.remember_hold(leg)
            self._emit(LegChanged(leg))

    def _on_transfer(self, event: Json) -> None:
        if event.get("state"):
            return  # an echo of what we told the phone
        leg = self.legs.get(event["referred_by"]["source_channel"]["id"])
        if leg is None:
            return
        refer_to = event["refer_to"]
        if "destination_channel" in refer_to:
            # The phone that asks ends this leg in the same moment, and Asterisk may tell that first.
            channel_id = refer_to["destination_channel"]["id"]
            consultation = self.legs.get(channel_id) or self._dropped.get(channel_id)
            leg.ask_transfer(Transfer(consultation=consultation) if consultation else Transfer())
        else:
            leg.ask_transfer(Transfer(refer_to["requested_destination"]["destination"]))

    def _on_entered(self, event: Json) -> None:
        if bridge := self.bridges.get(event["bridge"]["id"]):
            bridge.legs |= {event["channel"]["id"]}

    def _on_left(self, event: Json) -> None:
        if bridge := self.bridges.get(event["bridge"]["id"]):
            bridge.legs -= {event["channel"]["id"]}

    def _on_bridge_destroyed(self, event: Json) -> None:
        self._close(event["bridge"]["id"])

    def _on_playback_finished(self, event: Json) -> None:
        playback = event["playback"]
        leg = self.legs.get(playback["target_uri"].removeprefix("channel:"))
        if leg is not None and leg.occupation is not None and leg.occupation.name == playback["id"]:
            leg.occupation.end(playback)

    def _close(self, bridge_id: str) -> None:
        if bridge := self.bridges.pop(bridge_id, None):
            bridge.closed = True
            bridge.legs = frozenset()

    def _advance(self, leg: AsteriskLeg, state: LegState) -> None:
        if leg.advance(state):
            self._emit(LegChanged(leg))


def _created_ms(channel: Json) -> int:
    """Milliseconds since the epoch at which a channel was made (`2026-01-31T12:00:00.123+0000`)."""
    return int(datetime.strptime(channel["creationtime"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)
