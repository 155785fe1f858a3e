"""Where a call may be sent instead: the one closed list for forwarding, rules and routes."""

import re
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from server.contract.base import Request

_SEPARATORS = re.compile(r"[\s()./-]+")
_SHAPES = {
    "extension": (
        re.compile(r"[0-9]{2,8}", re.ASCII),
        "enter the number of an extension, two to eight digits",
    ),
    "ring_group": (
        re.compile(r"[0-9]{2,8}", re.ASCII),
        "enter the number of a ring group, two to eight digits",
    ),
    "group_voicemail": (
        re.compile(r"[0-9]{2,8}", re.ASCII),
        "enter the number of a group mailbox, two to eight digits",
    ),
    "voicemail": (
        re.compile(r"([0-9]{2,8})?", re.ASCII),
        "enter the number of an extension, two to eight digits, or nothing for the own mailbox",
    ),
    "queue": (re.compile(r"[0-9]{2,8}", re.ASCII), "enter the number of a queue, two to eight digits"),
    "ivr": (re.compile(r"[0-9]{2,8}", re.ASCII), "enter the number of a menu, two to eight digits"),
    "conference": (re.compile(r"[0-9]{2,8}", re.ASCII), "enter the number of a room, two to eight digits"),
    "prompt": (re.compile(r"[^\x00-\x1f\x7f/.][^\x00-\x1f\x7f/]{0,62}"), "enter the name of a prompt"),
    "call_flow": (re.compile(r"[^\x00-\x1f\x7f/.][^\x00-\x1f\x7f/]{0,62}"), "enter the name of a call flow"),
    "external": (re.compile(r"\+?[0-9*#]{1,32}", re.ASCII), "enter a telephone number, up to 32 digits"),
}


class DestinationKind(StrEnum):
    """What a destination is; `MOBILE` is the own mobile number of the extension.

    `VOICEMAIL` is the mailbox of an extension, the own one without a number (VM-5).
    """

    EXTENSION = "extension"
    RING_GROUP = "ring_group"
    QUEUE = "queue"
    IVR = "ivr"
    CONFERENCE = "conference"
    PROMPT = "prompt"
    """A prompt is heard, then the call ends; `value` is its name."""
    CALL_FLOW = "call_flow"
    """One of the other destinations, by time and caller (Q-3); `value` is its name."""
    VOICEMAIL = "voicemail"
    GROUP_VOICEMAIL = "group_voicemail"
    EXTERNAL = "external"
    MOBILE = "mobile"
    HANG_UP = "hang_up"


_NAMED = (DestinationKind.PROMPT, DestinationKind.CALL_FLOW)
"""Those whose value is a name, and kept as it is written."""


class Destination(Request):
    """Where a call goes.

    `value` is a number, without separators, or a name; empty for `mobile`, `hang_up` and the own mailbox.
    Whether the number exists is not looked at here.
    """

    kind: DestinationKind
    value: str = Field("", max_length=64)

    @model_validator(mode="before")
    @classmethod
    def _without_separators(cls, given: object) -> object:
        """Numbers are written as people write them (`+420 530-335 533`) and kept plain."""
        if isinstance(given, dict) and given.get("kind") in _NAMED:
            return given
        if isinstance(given, dict) and isinstance(value := given.get("value"), str) and len(value) <= 64:
            return {**given, "value": _SEPARATORS.sub("", value)}
        return given

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        shape = _SHAPES.get(self.kind)
        if shape is None:
            if self.value:
                raise ValueError(f"{self.kind} takes no number")
        elif not shape[0].fullmatch(self.value):
            raise ValueError(shape[1])
        return self

    def __str__(self) -> str:
        """`extension:1002`, or `mobile`: as commands take it and print it."""
        return f"{self.kind}:{self.value}" if self.value else str(self.kind)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The destination that `text` names: `extension:1002`, `external:+420 530 335 533`, `hang_up`.

        Raises:
            ValueError: it names none; what is right stands in the message.
        """
        kind, _, value = text.strip().partition(":")
        if kind not in set(DestinationKind):
            known = ", ".join(str(name) + (":NUMBER" if name in _SHAPES else "") for name in DestinationKind)
            raise ValueError(f"{text!r} is no destination: use one of {known}")
        return cls(kind=DestinationKind(kind), value=value)
