"""What crosses between command line and running client: an order, and what came of it. No Qt here."""

import json
from dataclasses import asdict, dataclass, field, fields
from enum import Enum, IntEnum
from typing import Any


class Action(Enum):
    """What can be ordered, by its word on the command line."""

    CALL = "call"
    ANSWER = "answer"
    HANGUP = "hangup"
    HOLD = "hold"
    RESUME = "resume"
    MUTE = "mute"
    UNMUTE = "unmute"
    DTMF = "dtmf"
    TRANSFER = "transfer"
    STATUS = "status"


class ExitCode(IntEnum):
    """What a script is told. These numbers are never given another meaning."""

    DONE = 0
    REFUSED = 1
    """The phone could not do it; the text says why."""
    USAGE = 2
    """The command line is wrong, or what is to be dialled is no number."""
    NOT_RUNNING = 3
    """No client runs with this data folder."""
    NOT_LOGGED_IN = 4
    """A client runs, but nobody is logged in, or the account has no phone."""
    NO_CALL = 5
    """There is no call that this could be done with, or more than one, and none was chosen."""
    NO_ANSWER = 6
    """A client runs, but does not answer."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `argument`: number or keys; `call`: the id of the call meant, "": the obvious one."""

    action: Action
    argument: str = ""
    call: str = ""

    def to_message(self) -> dict[str, Any]:
        """As it crosses."""
        return {"order": self.action.value, "argument": self.argument, "call": self.call}

    @staticmethod
    def from_message(message: dict[str, Any]) -> "Order":
        """Read what crossed; raises `ValueError` for anything else."""
        argument, call = message.get("argument", ""), message.get("call", "")
        if not isinstance(argument, str) or not isinstance(call, str):
            raise ValueError("an order's argument and call are texts")  # noqa: TRY004  one error for all
        return Order(Action(message.get("order")), argument, call)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an order: for scripts the code and `data`, for people the text."""

    code: ExitCode
    text: str
    data: dict[str, Any] = field(default_factory=dict)

    def to_message(self) -> dict[str, Any]:
        """As it crosses, and as `--json` prints it (with the code's name, which is for reading)."""
        return {**asdict(self), "code": int(self.code), "result": self.code.name.lower()}

    @staticmethod
    def from_message(message: dict[str, Any]) -> "Answer":
        """Read what crossed; raises `ValueError` for anything else."""
        known = {f.name for f in fields(Answer)}
        try:
            given = {name: value for name, value in message.items() if name in known}
            return Answer(**given | {"code": ExitCode(message["code"])})
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an answer: {json.dumps(message)[:80]}") from error
