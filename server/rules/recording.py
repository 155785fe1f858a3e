"""Which calls are recorded, by whom, and what may be done with a recording under way (SIP-5)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from server.contract.extensions import Extension
from server.contract.recording import (
    CallKind,
    RecordingAction,
    RecordingPermission,
    RecordingRefusal,
    RecordingRight,
    RecordingRule,
    RecordingState,
)
from server.rules.routing.calls import Extensions

TRANSITIONS: dict[tuple[RecordingState | None, RecordingAction], RecordingState] = {
    (None, RecordingAction.START): RecordingState.RECORDING,
    (RecordingState.RECORDING, RecordingAction.PAUSE): RecordingState.PAUSED,
    (RecordingState.PAUSED, RecordingAction.RESUME): RecordingState.RECORDING,
    (RecordingState.RECORDING, RecordingAction.STOP): RecordingState.FINISHED,
    (RecordingState.PAUSED, RecordingAction.STOP): RecordingState.FINISHED,
}
"""What an action makes of a recording; None: there is none yet. One that has ended is never begun again."""

KEYS = {
    None: RecordingAction.START,
    RecordingState.RECORDING: RecordingAction.PAUSE,
    RecordingState.PAUSED: RecordingAction.RESUME,
}
"""What the feature code asks for in each state."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A call that is to be recorded: by which rule, for which extensions, after which prompt ("": none)."""

    rule: str
    owners: tuple[str, ...]
    announcement: str


def call_kind(*, from_outside: bool, to_outside: bool) -> CallKind:
    """What a call is for the extension in it."""
    if from_outside:
        return CallKind.INBOUND
    return CallKind.OUTBOUND if to_outside else CallKind.INTERNAL


def ruled(
    rules: Iterable[RecordingRule], extensions: Extensions, kind: CallKind, numbers: Iterable[str]
) -> Ruled | None:
    """How a call of this kind, in which these extensions talk, is to be recorded; None if it is not.

    It is recorded for every extension that any rule is about. It is named after the first rule that fits; the
    first announcement is the one that is played.
    """
    fitting: list[RecordingRule] = []
    owners: list[str] = []
    talking = [one for number in dict.fromkeys(numbers) if (one := extensions.get(number)) is not None]
    for rule in rules:
        covered = [one.number for one in talking if rule.covers(one.number, one.groups)]
        if kind in rule.calls and covered:
            fitting.append(rule)
            owners += [number for number in covered if number not in owners]
    if not fitting:
        return None
    announcement = next((rule.announcement for rule in fitting if rule.announcement), "")
    return Ruled(fitting[0].name, tuple(owners), announcement)


def permissions_of(rights: Iterable[RecordingRight], extension: Extension) -> frozenset[RecordingPermission]:
    """What an extension may do with the recordings of its calls."""
    own = [right for right in rights if right.covers(extension.number, extension.groups)]
    return frozenset(permission for right in own for permission in right.permissions)


def actions(
    state: RecordingState | None,
    permissions: Collection[RecordingPermission],
    *,
    owns: bool,
    by_rule: bool,
) -> list[RecordingAction] | RecordingRefusal:
    """What somebody who takes part may ask for now; or why nothing.

    `owns`: the recording is that one's. `by_rule`: a rule has begun it.
    """
    if state is None:
        allowed = RecordingPermission.RECORD in permissions
        return [RecordingAction.START] if allowed else RecordingRefusal.NOT_ALLOWED
    if not state.is_open:
        return RecordingRefusal.OVER
    if not owns:
        return RecordingRefusal.NOT_YOURS
    needed = RecordingPermission.PAUSE if by_rule else RecordingPermission.RECORD
    if needed not in permissions:
        return RecordingRefusal.BY_RULE if by_rule else RecordingRefusal.NOT_ALLOWED
    offered = [action for before, action in TRANSITIONS if before is state]
    return [action for action in offered if not (by_rule and action is RecordingAction.STOP)]
