"""Presence and settings of reaching as words of the command line, and back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from server.cli.common import table
from server.contract.destinations import Destination
from server.contract.presence import Presence, PresenceStatus
from server.contract.reaching import (
    AgentAction,
    EndpointKind,
    ForwardingCondition,
    ReachingSettings,
    StatusSettings,
)
from server.services.errors import invalid

_DURATION = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,4})m?)?", re.ASCII)
_FORWARD = re.compile(r"(internal|external)\.(always|no_answer|busy)=(.*)")
_DND = PresenceStatus.DO_NOT_DISTURB


def minutes(text: str) -> int:
    """The minutes of `90`, `90m`, `2h` or `1h30m`.

    Raises:
        ServiceError: `INVALID`.
    """
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise invalid("--for", f"{text!r} is no time: use 90m, 2h or 1h30m")
    return int(found[1] or 0) * 60 + int(found[2] or 0)


@dataclass
class Change:
    """What `presence set` was given. `of_status` is for every status in `statuses`."""

    statuses: Sequence[PresenceStatus]
    of_status: dict[str, Any] = field(default_factory=dict)
    ringing: dict[str, Any] = field(default_factory=dict)
    forwarding: list[tuple[str, str, Destination | None]] = field(default_factory=list)
    everywhere: dict[str, Any] = field(default_factory=dict)
    named: bool = False
    """The statuses were named: what one of them does not have is an error, not passed over."""

    @property
    def is_empty(self) -> bool:
        """Nothing was given."""
        return not (self.of_status or self.ringing or self.forwarding or self.everywhere)

    def applied_to(self, settings: ReachingSettings) -> ReachingSettings:
        """The whole settings with the change.

        Raises:
            ValidationError: they cannot be.
        """
        whole = settings.model_dump(mode="json")
        for status in self.statuses:
            one, passed_over = whole["statuses"][status.value], status is _DND and not self.named
            one |= self.of_status | ({} if passed_over else self.ringing)
            for origin, condition, to in self.forwarding:
                if condition == ForwardingCondition.ALWAYS or not passed_over:
                    one[origin][condition] = to.model_dump(mode="json") if to else None
        return ReachingSettings.model_validate(whole | self.everywhere)


def change_of(
    *,
    statuses: Sequence[PresenceStatus] | None,
    of_status: Mapping[str, Any],
    forward: Sequence[str],
    ringing: Mapping[str, Any],
    everywhere: Mapping[str, Any],
    caller_rules: Sequence[str] | None,
) -> Change:
    """The options of `presence set` as a change; None is what was not given.

    Raises:
        ServiceError: `INVALID`, with the option.
    """
    change = Change(statuses or list(PresenceStatus), named=bool(statuses))
    change.of_status = {name: value for name, value in of_status.items() if value is not None}
    change.ringing = {name: value for name, value in ringing.items() if value is not None}
    change.everywhere = {name: value for name, value in everywhere.items() if value is not None}
    for text in forward:
        found = _FORWARD.fullmatch(text)
        if found is None:
            raise invalid("--forward", f"{text!r} is not understood: use external.no_answer=extension:1002")
        to = None if found[3] == "none" else _destination("--forward", found[3])
        change.forwarding.append((found[1], found[2], to))
    if caller_rules:
        change.everywhere["caller_rules"] = [_rule(text) for text in caller_rules if text]
    return change


def presence_text(presence: Presence) -> str:
    """`lunch_break until 13:30 – soup`, in the time of this machine."""
    until = f" until {presence.until.astimezone():%Y-%m-%d %H:%M}" if presence.until else ""
    note = f" – {presence.note}" if presence.note else ""
    return f"{presence.status}{until}{note}"


def settings_text(settings: ReachingSettings) -> str:
    """Everything in tables."""
    rows = []
    for status in PresenceStatus:
        one = settings.statuses.of(status)
        stages, mobile = "nothing rings", ""
        if isinstance(one, StatusSettings):
            stages = " then ".join(
                f"{_kinds(kinds)} {one.ring_timeout_s} s"
                for kinds in (one.ring_first, one.ring_second)
                if kinds
            )
            mobile = "yes" if one.ring_mobile else ""
        rows.append(
            [
                str(status),
                one.note,
                _forwarding(one.internal),
                _forwarding(one.external),
                stages,
                mobile,
                "" if one.agent_action is AgentAction.NOTHING else one.agent_action.replace("_", " "),
            ]
        )
    heads = ["STATUS", "NOTE", "INTERNAL CALLS", "EXTERNAL CALLS", "RINGS", "MOBILE", "AGENT"]
    lines = [table(heads, rows), ""]
    lines += [f"One busy, all busy: {_yes(settings.all_busy)}"]
    lines += [f"One rejects, all reject: {_yes(settings.all_reject)}"]
    lines += [f"Prefix of the mobile number: {settings.mobile_prefix or 'none'}"]
    rules = [[rule.pattern, str(rule.destination or "accept")] for rule in settings.caller_rules]
    lines += ["", table(["CALLER", "ACTION"], rows=rules)] if rules else ["Rules by caller ID: none"]
    return "\n".join(lines)


def _forwarding(of_calls: object) -> str:
    given = ((condition, getattr(of_calls, condition, None)) for condition in ForwardingCondition)
    return ", ".join(f"{condition} {to}" for condition, to in given if to is not None) or "-"


def _kinds(kinds: Sequence[EndpointKind]) -> str:
    return "all" if set(kinds) == set(EndpointKind) else "+".join(kinds)


def _yes(on: bool) -> str:
    return "yes" if on else "no"


def _rule(text: str) -> dict[str, Any]:
    pattern, equals, action = text.rpartition("=")
    if not equals:
        raise invalid("--caller-rule", f"{text!r} is not understood: use 100XX=hang_up")
    to = None if action == "accept" else _destination("--caller-rule", action)
    return {"pattern": pattern, "destination": to.model_dump(mode="json") if to else None}


def _destination(option: str, text: str) -> Destination:
    try:
        return Destination.parse(text)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise invalid(option, f"{text!r}: {reason}") from error
    except ValueError as error:
        raise invalid(option, str(error)) from error
