"""What a function key shows: its lamp, its name, and its state in words (KEY-3, KEY-5, BOSS-3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from linkus_desktop.ui.extensions.words import described, state_words
from linkus_desktop.ui.keys.agent_faces import agent_face
from linkus_desktop.ui.lamps import PRESENCE_WORDS, Lamp, lamp_of, lamp_of_presence
from linkus_desktop.ui.texts import absolute, duration, since
from server.contract.keys import ALL_QUEUES, FunctionKey, KeyType
from server.contract.pairs import Pair, PairCall, PairState
from server.contract.presence import PresenceStatus
from server.contract.reaching import ForwardingCondition
from server.contract.recording import RecordingState

if TYPE_CHECKING:
    from linkus_desktop.ui.keys.sources import Sources

TYPE_WORDS = {
    KeyType.BLF: "Colleague (BLF)",
    KeyType.SPEED_DIAL: "Speed dial",
    KeyType.BOSS_SECRETARY: "Boss and secretary",
    KeyType.INTERCOM: "Intercom",
    KeyType.PARK: "Parking slot",
    KeyType.PICKUP: "Pick up",
    KeyType.VOICEMAIL: "Voicemail",
    KeyType.DTMF: "DTMF keys",
    KeyType.PREFIX: "Prefix",
    KeyType.PRESENCE: "Presence",
    KeyType.FORWARD: "Forwarding",
    KeyType.AGENT_LOGIN: "Agent log in and out",
    KeyType.AGENT_PAUSE: "Agent pause",
    KeyType.RECORDING: "Recording",
    KeyType.URL: "Web address",
}

CONDITION_WORDS = {
    ForwardingCondition.ALWAYS: "Forward always",
    ForwardingCondition.BUSY: "Forward when busy",
    ForwardingCondition.NO_ANSWER: "Forward when unanswered",
}

_FORWARDS = {
    ForwardingCondition.ALWAYS: "Forward always",
    ForwardingCondition.BUSY: "Forward if busy",
    ForwardingCondition.NO_ANSWER: "Forward unanswered",
}
"""Short enough for a key; to whom is in its second line."""

_ICONS = {
    KeyType.SPEED_DIAL: "phone",
    KeyType.INTERCOM: "speaker",
    KeyType.PICKUP: "incoming",
    KeyType.DTMF: "keypad",
    KeyType.PREFIX: "outgoing",
    KeyType.URL: "link",
}


@dataclass(frozen=True, slots=True)
class KeyFace:
    """A key as it is seen and spoken.

    Attributes:
        lamp: None: a key of this type has no state; it shows `icon`.
        name: its label, or what it is about.
        word: the state, or what the key does; short.
        since: shown as a running time behind the word, while it is set.
        short: the word where there is little room; "" the same.
        kept: stands behind `short`, and is never cut off.
        told: the tooltip's sentences: who, what, since when.
    """

    lamp: Lamp | None
    icon: str
    name: str
    word: str
    told: str
    since: datetime | None = None
    short: str = ""
    kept: str = ""

    def line(self, now: datetime) -> str:
        """The second line: the state, and for how long where that matters."""
        return self.word + self.time(now)

    def time(self, now: datetime) -> str:
        """For how long, as it stands behind the word; "" where that does not matter."""
        return f" · {duration((now - self.since).total_seconds())}" if self.since is not None else ""


def face_of(key: FunctionKey, there: "Sources", now: datetime) -> KeyFace:
    """What a key shows now. `now` is for texts such as "5 min" only."""
    return _FACES[key.type](key, there, now)


def name_of(key: FunctionKey, there: "Sources") -> str:
    """Its label, or what it is about."""
    return key.label or _NAMES.get(key.type, _by_value)(key, there)


def pair_face(key: FunctionKey, pair: Pair | None, there: "Sources") -> KeyFace:
    """The boss's key of a pair; the secretary's calls for others do not count (BOSS-3)."""
    name = name_of(key, there)
    who = f"Secretary {pair.secretary_name or pair.secretary}" if pair else f"Secretary key {key.value}"
    if pair is None or pair.state is PairState.UNKNOWN:
        word = "Not set up" if pair is None and there.pairs.known else Lamp.UNKNOWN.word
        return KeyFace(Lamp.UNKNOWN, "", name, word, f"{who}: {word.lower()}")
    at = f" since {absolute(pair.since)}"
    call = pair.calls[0] if pair.calls else None
    if pair.state is PairState.OFF:
        return KeyFace(Lamp.OFF, "", name, "Switched off", f"{who}: switched off{at}")
    if pair.state is PairState.IDLE:
        return KeyFace(Lamp.IDLE, "", name, "Free", f"{who}: no call for you{at}")
    caller = _caller(call, there)
    if pair.state is PairState.ANSWERING:
        word = f"Answers {caller}" if call else "Answers a call for you"
        told = f"{who} answers {caller or 'a call'} for you{at}"
        return KeyFace(Lamp.TALKING, "", name, word, told, short=caller)
    more = len(pair.calls) - 1
    waiting = f" (+{more})" if more > 0 else ""
    lines = [
        f"{who} holds {len(pair.calls)} call{'' if len(pair.calls) == 1 else 's'} for you. Click to talk."
    ]
    lines += [
        f"{_caller(one, there)}, {one.number or 'no number'}: since {absolute(one.since)}"
        for one in pair.calls
    ]
    word = f"{caller} waits{waiting}" if call else "A call waits"
    at_all = call.since if call else pair.since
    return KeyFace(Lamp.HELD, "", name, word, "\n".join(lines), at_all, short=caller, kept=waiting)


def _caller(call: PairCall | None, there: "Sources") -> str:
    if call is None:
        return ""
    return there.person(call.number) or call.name or call.number or "Anonymous"


def _by_value(key: FunctionKey, _there: "Sources") -> str:
    return key.value or TYPE_WORDS[key.type]


def _colleague(key: FunctionKey, there: "Sources") -> str:
    return there.person(key.value) or key.value


def _forward_name(key: FunctionKey, there: "Sources") -> str:
    condition, to = key.forwarding
    return f"{CONDITION_WORDS[condition]} {there.person(to) or to}".rstrip()


def _queue_name(key: FunctionKey, there: "Sources") -> str:
    if key.value == ALL_QUEUES:
        return "in all queues" if key.type is KeyType.AGENT_PAUSE else "to all queues"
    return there.queues.name_of(key.value) or key.value


_NAMES: dict[KeyType, Callable[[FunctionKey, "Sources"], str]] = {
    KeyType.BLF: _colleague,
    KeyType.SPEED_DIAL: _colleague,
    KeyType.BOSS_SECRETARY: lambda key, there: (
        pair.secretary_name or pair.secretary if (pair := there.last_pair(key.value)) else key.value
    ),
    KeyType.INTERCOM: _colleague,
    KeyType.PARK: lambda key, _: f"Slot {key.value}",
    KeyType.PICKUP: lambda key, there: f"Pick up {there.person(key.value) or key.value}",
    KeyType.VOICEMAIL: lambda key, there: f"Voicemail {there.person(key.value) or key.value}".rstrip(),
    KeyType.DTMF: lambda key, _: f"Keys {key.value}",
    KeyType.PREFIX: lambda key, _: f"Prefix {key.value}",
    KeyType.PRESENCE: lambda key, _: PRESENCE_WORDS[PresenceStatus(key.value)],
    KeyType.FORWARD: _forward_name,
    KeyType.AGENT_LOGIN: lambda key, there: f"Log in {_queue_name(key, there)}",
    KeyType.AGENT_PAUSE: lambda key, there: f"Pause {_queue_name(key, there)}",
    KeyType.RECORDING: lambda _key, _there: "Recording",
    KeyType.URL: lambda key, _: key.value.partition("://")[2] or key.value,
}


def _person(key: FunctionKey, there: "Sources", now: datetime) -> KeyFace:
    """Types about an extension: its state, as everywhere else (KEY-3)."""
    state = there.extension(key.value)
    what = {KeyType.INTERCOM: "Intercom", KeyType.PICKUP: "Pick up"}.get(key.type, "")
    name = name_of(key, there)
    if state is None and (key.type is KeyType.PICKUP or not there.extensions.known):
        if key.type is KeyType.PICKUP and there.extensions.known:
            told = f"Takes the call that rings at {key.value}"
            return KeyFace(None, _ICONS[key.type], name, "Group", told)
        return KeyFace(Lamp.UNKNOWN, "", name, Lamp.UNKNOWN.word, f"{name}: not told yet")
    if state is None:
        told = f"There is no extension {key.value} any more"
        return KeyFace(Lamp.UNKNOWN, "", name, "No such extension", told)
    words = state_words(state)
    lamp = lamp_of(state)
    shown = " · ".join(filter(None, (what, words)))
    at = state.presence.since if lamp is lamp_of_presence(state.presence.status) else state.call_since
    told = described(state.name or state.number, state.number, state)
    if lamp is not Lamp.UNKNOWN:
        told += f"\nsince {absolute(at)} ({since(at, now)})"
    return KeyFace(lamp, "", name, shown, told)


def _simple(word: str, told: str) -> Callable[[FunctionKey, "Sources", datetime], KeyFace]:
    """Types without a state."""

    def face(key: FunctionKey, there: "Sources", _now: datetime) -> KeyFace:
        name = name_of(key, there)
        return KeyFace(None, _ICONS[key.type], name, word, told.format(name=name, value=key.value))

    return face


def _pair(key: FunctionKey, there: "Sources", _now: datetime) -> KeyFace:
    return pair_face(key, there.pair(key.value), there)


def _parked(key: FunctionKey, there: "Sources", _now: datetime) -> KeyFace:
    name = name_of(key, there)
    if not there.parked.known:
        return KeyFace(Lamp.UNKNOWN, "", name, Lamp.UNKNOWN.word, f"Parking slot {key.value}: not told yet")
    call = there.parked.get(key.value)
    if call is None:
        told = f"Parking slot {key.value} is free. Click in a call to park it there."
        return KeyFace(Lamp.OFF, "", name, "Free", told)
    who = there.person(call.number) or call.name or call.number or "Anonymous"
    by = there.person(call.by) or call.by
    told = f"Take the call of {who} from slot {key.value}, parked by {by} on {absolute(call.since)}"
    return KeyFace(Lamp.HELD, "", name, who, told, call.since)


def _voicemail(key: FunctionKey, there: "Sources", _now: datetime) -> KeyFace:
    name = name_of(key, there)
    box = there.voicemail.get(key.value or there.own)
    if not there.voicemail.known:
        return KeyFace(Lamp.UNKNOWN, "", name, Lamp.UNKNOWN.word, f"{name}: not told yet")
    if box is None:
        told = f"{name}: whether there are messages is not told to you. Click to listen."
        return KeyFace(Lamp.UNKNOWN, "", name, "Listen", told)
    if not box.new:
        return KeyFace(Lamp.OFF, "", name, "No new messages", f"{name}: no new messages. Click to listen.")
    new = f"{box.new} new message{'' if box.new == 1 else 's'}"
    return KeyFace(Lamp.MESSAGES, "", name, new, f"{name}: {new}. Click to listen.")


def _presence(key: FunctionKey, there: "Sources", now: datetime) -> KeyFace:
    name, status = name_of(key, there), PresenceStatus(key.value)
    own = there.own_presence()
    word = PRESENCE_WORDS[status]
    if own is None:
        return KeyFace(Lamp.UNKNOWN, "", name, Lamp.UNKNOWN.word, "Your presence is not known now")
    if own.status is not status:
        return KeyFace(Lamp.OFF, "", name, "Off", f"Click to be: {word}")
    told = f"You are: {word}, since {absolute(own.since)} ({since(own.since, now)})"
    if status is not PresenceStatus.AVAILABLE:
        told += ". Click to be available."
    return KeyFace(lamp_of_presence(status), "", name, "On", told)


def _forward(key: FunctionKey, there: "Sources", _now: datetime) -> KeyFace:
    condition, to = key.forwarding
    what = CONDITION_WORDS[condition]
    name = key.label or _FORWARDS[condition]
    if not there.forwarding.known:
        return KeyFace(Lamp.UNKNOWN, "", name, Lamp.UNKNOWN.word, f"{what}: not told yet")
    now_to = there.forwarded_to(condition)
    if now_to is None:
        wish = there.person(to) or to
        told = f"{what}{f' to {wish}' if wish else ''}: off. Click to switch it on."
        return KeyFace(Lamp.OFF, "", name, f"Off · {wish}" if wish else "Off", told)
    who = there.person(now_to) or now_to
    if to and to != now_to:
        told = f"{what}: now to {who}. Click to forward to {there.person(to) or to}."
        return KeyFace(Lamp.OFF, "", name, f"Now to {who}", told)
    return KeyFace(Lamp.ON, "", name, f"To {who}", f"{what} to {who}. Click to switch it off.")


def _agent(key: FunctionKey, there: "Sources", now: datetime) -> KeyFace:
    where = there.queues.name_of(key.value) or ("all queues" if key.value == ALL_QUEUES else key.value)
    lamp, word, told, at = agent_face(key, there, where, now)
    return KeyFace(lamp, "", name_of(key, there), word, told, at)


def _recording(key: FunctionKey, there: "Sources", _now: datetime) -> KeyFace:
    name = name_of(key, there)
    if not there.in_call():
        return KeyFace(Lamp.OFF, "", name, "No call", "Records the call you are talking on")
    call = there.own_call()
    if call is None:
        return KeyFace(Lamp.UNKNOWN, "", name, Lamp.UNKNOWN.word, "Whether the call is recorded is not known")
    state = call.recording.state
    if state is RecordingState.RECORDING:
        return KeyFace(Lamp.RECORDING, "", name, "Recording", "The call is recorded")
    if state is RecordingState.PAUSED:
        return KeyFace(Lamp.OFF, "", name, "Paused", "The recording of the call is paused")
    may = bool(call.recording.actions)
    told = "The call is not recorded. Click to record it." if may else "You cannot record this call"
    return KeyFace(Lamp.OFF, "", name, "Not recorded", told)


_FACES: dict[KeyType, Callable[[FunctionKey, "Sources", datetime], KeyFace]] = {
    KeyType.BLF: _person,
    KeyType.SPEED_DIAL: _simple("Speed dial", "Calls {value}"),
    KeyType.BOSS_SECRETARY: _pair,
    KeyType.INTERCOM: _person,
    KeyType.PARK: _parked,
    KeyType.PICKUP: _person,
    KeyType.VOICEMAIL: _voicemail,
    KeyType.DTMF: _simple("DTMF", "Sends the keys {value} in the call"),
    KeyType.PREFIX: _simple("Prefix", "Puts {value} into the field that dials"),
    KeyType.PRESENCE: _presence,
    KeyType.FORWARD: _forward,
    KeyType.AGENT_LOGIN: _agent,
    KeyType.AGENT_PAUSE: _agent,
    KeyType.RECORDING: _recording,
    KeyType.URL: _simple("Web address", "Opens {value}"),
}
