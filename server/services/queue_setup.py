"""All queues at once: read from a file, taken over as a whole or not at all (issue D)."""

import json
import re
import tomllib
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from server.contract.configuration import ConfigObject
from server.contract.errors import ErrorCode, FieldProblem
from server.contract.queue_setup import MAX_SETUP_BYTES, QueueSetup, QueueSetupChanges
from server.contract.queues import Queue, QueueOptions
from server.services.configuration import Configuration
from server.services.configuration_changes import Action, Unfit
from server.services.errors import ServiceError, invalid

_SHOWN = 20
"""So many problems stand in the message."""
_TOLD = 1000
"""So many are told in all; whoever has more has sent another file than they think."""


def export_setup(configuration: Configuration) -> QueueSetup:
    """All queues by number, and their options, as of now."""
    options = configuration.get(QueueOptions, QueueOptions().key)
    return QueueSetup(options=options, queues=tuple(configuration.list(Queue)))


async def take_setup(
    configuration: Configuration, setup: QueueSetup, *, by: str, address: str = "", dry_run: bool = False
) -> QueueSetupChanges:
    """Have these queues and options, and no other queues; all of it, or nothing.

    `dry_run`: look whether that could be done, and change nothing.

    Raises:
        ServiceError: `INVALID`: with every problem there is; nothing was changed.
    """
    places = {queue.number: f"queues.{index}" for index, queue in enumerate(setup.queues)}

    def place(model: type[ConfigObject], key: str) -> str:
        return "options" if model is QueueOptions else places.get(key, "queues")

    try:
        found = await configuration.replace(
            (Queue, QueueOptions), [*setup.queues, setup.options], by=by, address=address, only_try=dry_run
        )
    except Unfit as unfit:
        raise refused(
            FieldProblem(
                field=".".join(filter(None, (place(one.model, one.key), one.field))),
                problem=f"queue {one.key}: {one.problem}" if one.model is Queue else one.problem,
            )
            for one in unfit.problems
        ) from None

    def queues(action: Action) -> list[str]:
        return sorted(one.key for one in found if one.model is Queue and one.action is action)

    return QueueSetupChanges(
        dry_run=dry_run,
        added=queues(Action.ADD),
        changed=queues(Action.CHANGE),
        removed=queues(Action.REMOVE),
        options_changed=any(one.model is QueueOptions for one in found),
    )


def read_setup(text: str, *, as_json: bool = False) -> QueueSetup:
    """The set-up that stands in a text of TOML, or of JSON.

    Raises:
        ServiceError: `INVALID`: every problem there is, with its place; `TOO_LARGE`.
    """
    if len(text) > MAX_SETUP_BYTES:
        raise ServiceError(ErrorCode.TOO_LARGE, f"A set-up of queues has {MAX_SETUP_BYTES} bytes at most.")
    try:
        given: Any = json.loads(text) if as_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise invalid("the set-up", f"is no {'JSON' if as_json else 'TOML'}: {_said(error)}") from None
    try:
        return QueueSetup.model_validate(given)
    except ValidationError as error:
        raise refused(_problem(one, given) for one in error.errors(include_url=False)) from None


def refused(problems: Iterable[FieldProblem]) -> ServiceError:
    """That a set-up is not taken, and everything that is wrong with it."""
    fields = list(problems)
    lines = [f"{one.field}: {one.problem}" for one in fields[:_SHOWN]]
    if len(fields) > _SHOWN:
        lines.append(f"and {len(fields) - _SHOWN} more")
    count = "1 problem" if len(fields) == 1 else f"{len(fields)} problems"
    return ServiceError(
        ErrorCode.INVALID,
        f"The set-up of queues has {count}, and nothing was changed:\n" + "\n".join(lines),
        fields=fields[:_TOLD],
    )


def _problem(error: Any, given: Any) -> FieldProblem:
    """What is wrong at one place; of a queue the number is told too, as people do not count them."""
    where = [str(part) for part in error["loc"]]
    problem = str(error["msg"]).removeprefix("Value error, ")
    try:
        number = given["queues"][error["loc"][1]]["number"] if where[0] == "queues" else ""
    except (LookupError, TypeError):
        number = ""
    about = f"queue {number}: " if isinstance(number, str) and re.fullmatch(r"[0-9]{2,8}", number) else ""
    return FieldProblem(field=".".join(where) or "the set-up", problem=about + problem)


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return " ".join(str(error).split())[:200]
