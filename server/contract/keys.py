"""Function keys: what an extension has beside its calls, lamps and buttons in one (KEY-1, KEY-2)."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from server.contract.about import AboutExtensions
from server.contract.base import Line, Reply, Request
from server.contract.presence import PresenceStatus
from server.contract.reaching import ForwardingCondition

MAX_KEYS = 200
"""Keys of one extension."""

MAX_VALUE = 500
"""Characters of a value: an address is the longest."""

ALL_QUEUES = "all"
"""What an agent's key has for a number if it is about every queue."""

CHANGE_KEYS = "keys.change"
"""How `Me.permissions` calls that the own keys may be changed."""

URL_VARIABLES = ("number", "name", "direction")
"""What an address may have in braces: of the call that is talked on while the key is pressed."""


class KeyType(StrEnum):
    """What a key shows and does; `value` is what it is about."""

    BLF = "blf"
    """An extension: its state; calls it, or takes the call that rings there."""
    SPEED_DIAL = "speed_dial"
    """A number: calls it."""
    BOSS_SECRETARY = "boss_secretary"
    """The feature code and the number of an own secretary, such as *592007 (BOSS-2)."""
    INTERCOM = "intercom"
    """An extension: calls it so that its phones answer by themselves."""
    PARK = "park"
    """A parking slot: parks the call there, or takes the one that is parked."""
    PICKUP = "pickup"
    """An extension or a ring group: takes the call that rings there."""
    VOICEMAIL = "voicemail"
    """A mailbox, or empty for the own one: whether there are new messages; listens to them."""
    DTMF = "dtmf"
    """Keys, which are sent in the call."""
    PREFIX = "prefix"
    """Digits, which are put into the field that dials."""
    PRESENCE = "presence"
    """A presence status: chooses it, or available if it is chosen already."""
    FORWARD = "forward"
    """`always`, `busy` or `no_answer`, and after a colon a number (else the last one): on or off."""
    AGENT_LOGIN = "agent_login"
    """A queue, or `all`: logs in there and out again (Q-10)."""
    AGENT_PAUSE = "agent_pause"
    """A queue, or `all`: pauses there and resumes."""
    RECORDING = "recording"
    """Nothing: records the call, pauses, goes on."""
    URL = "url"
    """A web address, which may hold variables of the call: opens it."""


_EXTENSION = re.compile(r"[0-9]{2,8}", re.ASCII)
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}", re.ASCII)
_CODE = re.compile(r"[*#][0-9*#]{1,31}", re.ASCII)
_KEYS = re.compile(r"[0-9A-D*#]{1,64}", re.ASCII)
_FORWARD = re.compile(rf"({'|'.join(ForwardingCondition)})(:[0-9*#]{{1,32}})?", re.ASCII)
_QUEUE = re.compile(rf"[0-9]{{2,8}}|{ALL_QUEUES}", re.ASCII)
_SEPARATORS = re.compile(r"[\s()./-]+")
_VARIABLE = re.compile(r"\{([^{}]*)\}")

_NUMBERS = frozenset(
    {
        KeyType.BLF,
        KeyType.SPEED_DIAL,
        KeyType.BOSS_SECRETARY,
        KeyType.INTERCOM,
        KeyType.PARK,
        KeyType.PICKUP,
        KeyType.VOICEMAIL,
        KeyType.DTMF,
        KeyType.PREFIX,
        KeyType.FORWARD,
        KeyType.AGENT_LOGIN,
        KeyType.AGENT_PAUSE,
    }
)
"""Types whose value is written as people write numbers, and kept without separators."""


def _shaped(pattern: re.Pattern[str], problem: str) -> Callable[[str], str]:
    return lambda value: "" if pattern.fullmatch(value) else problem


def _status_problem(value: str) -> str:
    if value in set(PresenceStatus):
        return ""
    return f"choose a status: {', '.join(PresenceStatus)}"


def _url_problem(value: str) -> str:
    """Where it leads is the user's choice alone: scheme and host may hold no variable."""
    if not value.lower().startswith(("https://", "http://")):
        return "enter an address that begins with https:// or http://"
    if any(c.isspace() or not c.isprintable() for c in value):
        return "there is a space in the address: write it as %20"
    try:
        host = urlsplit(value).netloc
    except ValueError:
        host = ""
    if not host or "{" in host:
        return (
            "name the host in the address: it cannot hold a variable, or callers would choose where it leads"
        )
    unknown = next((name for name in _VARIABLE.findall(value) if name not in URL_VARIABLES), None)
    if unknown is not None:
        return f"{{{unknown}}} is not known: use {', '.join(f'{{{name}}}' for name in URL_VARIABLES)}"
    return ""


_PROBLEMS: dict[KeyType, Callable[[str], str]] = {
    KeyType.BLF: _shaped(_EXTENSION, "enter the number of an extension, two to eight digits"),
    KeyType.SPEED_DIAL: _shaped(_NUMBER, "enter a telephone number, up to 32 digits"),
    KeyType.BOSS_SECRETARY: _shaped(_CODE, "enter the feature code and the secretary's number"),
    KeyType.INTERCOM: _shaped(_EXTENSION, "enter the number of an extension, two to eight digits"),
    KeyType.PARK: _shaped(_EXTENSION, "enter the number of a parking slot"),
    KeyType.PICKUP: _shaped(_EXTENSION, "enter the number of an extension or a ring group"),
    KeyType.VOICEMAIL: lambda value: (
        "enter the number of a mailbox, or nothing for the own one"
        if value and not _EXTENSION.fullmatch(value)
        else ""
    ),
    KeyType.DTMF: _shaped(_KEYS, "enter keys: 0-9, A-D, * and #, 64 at most"),
    KeyType.PREFIX: _shaped(_NUMBER, "enter digits, up to 32"),
    KeyType.PRESENCE: _status_problem,
    KeyType.FORWARD: _shaped(
        _FORWARD,
        f"enter {', '.join(ForwardingCondition)}, and after a colon where to: a number as it is dialled",
    ),
    KeyType.AGENT_LOGIN: _shaped(_QUEUE, f"enter the number of a queue, or {ALL_QUEUES}"),
    KeyType.AGENT_PAUSE: _shaped(_QUEUE, f"enter the number of a queue, or {ALL_QUEUES}"),
    KeyType.RECORDING: lambda value: "this key takes no value" if value else "",
    KeyType.URL: _url_problem,
}


class FunctionKey(Request):
    """One key. Whether what it is about exists is not looked at here, only the shape of its value.

    `label`: what it is called; empty: by what it is about.
    """

    type: KeyType
    value: Annotated[str, StringConstraints(max_length=MAX_VALUE)] = ""
    label: Line = Field("", max_length=63)

    @model_validator(mode="before")
    @classmethod
    def _without_separators(cls, given: object) -> object:
        if not isinstance(given, dict) or given.get("type") not in _NUMBERS:
            return given
        value = given.get("value")
        if not isinstance(value, str) or len(value) > MAX_VALUE:
            return given
        plain = _SEPARATORS.sub("", value)
        return {**given, "value": plain.upper() if given["type"] == KeyType.DTMF else plain}

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if problem := _PROBLEMS[self.type](self.value):
            raise ValueError(problem)
        return self

    @property
    def forwarding(self) -> tuple[ForwardingCondition, str]:
        """When a key of type `FORWARD` forwards, and where to; "" for the last destination."""
        condition, _, to = self.value.partition(":")
        return ForwardingCondition(condition), to


class FunctionKeysChange(Request):
    """All keys of an extension anew, in their order. `PUT /me/keys`, `PUT /extensions/{number}/keys`.

    `revision`: of the keys that were changed; where those have been changed by somebody else since, this is
    refused (409). None: replace them whatever they are.
    """

    keys: list[FunctionKey] = Field(max_length=MAX_KEYS)
    revision: int | None = None


class FunctionKeys(Reply):
    """The keys of an extension, in their order: the one item of topic `keys`, keyed `keys`.

    `revision` is another one after each change; 0: they were never set.
    """

    revision: int = 0
    keys: list[FunctionKey] = []


class KeyRight(AboutExtensions):
    """These extensions may change their own function keys; administrators may change anybody's."""

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return f"{self.about} may change their own keys"
