"""A boss and a secretary: what the secretary does with the boss's calls (BOSS-3)."""

from enum import StrEnum

from server.contract.base import Instant, Reply, Request


class PairState(StrEnum):
    """One state for each pair; the secretary's other calls do not change it."""

    UNKNOWN = "unknown"
    """Not told by the switch: it is down, or was not asked yet (KEY-5)."""
    OFF = "off"
    """The feature is switched off for this pair."""
    IDLE = "idle"
    """No call for this boss is at this secretary. Solid green."""
    ANSWERING = "answering"
    """The secretary talks to somebody who wants the boss. Solid red."""
    HELD = "held"
    """The secretary has put that call on hold, and the boss may take it. Flashing red."""


class PairCall(Reply):
    """The call that the boss may take, or that the secretary answers: who calls, and since when it is so."""

    id: str
    number: str
    name: str
    since: Instant


class Pair(Reply):
    """One boss and one secretary: an item of topic `pairs`, keyed `boss/secretary`.

    `value` is what a key or a phone dials for it, such as *592007. `since` is the moment of the state.
    `calls` are the calls for this boss at this secretary, those on hold first, the oldest of them first.
    """

    boss: str
    secretary: str
    secretary_name: str
    boss_name: str
    value: str
    state: PairState
    since: Instant
    calls: tuple[PairCall, ...] = ()


class PairSwitch(Request):
    """Whether calls to the boss go to this secretary.

    `PUT /me/pairs/{secretary}` for the boss, `PUT /pairs/{boss}/{secretary}` for administrators.
    """

    on: bool
