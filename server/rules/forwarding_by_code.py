"""How forwarding by a feature code changes the settings of an extension (CODE-1, PRES-3)."""

from server.contract.destinations import Destination, DestinationKind
from server.contract.presence import PresenceStatus
from server.contract.reaching import ForwardingCondition, ReachingSettings


def forward(
    settings: ReachingSettings,
    status: PresenceStatus,
    condition: ForwardingCondition,
    to: Destination | None,
) -> ReachingSettings | None:
    """The settings with calls of both types forwarded `to` while `status` is chosen; None: not any longer.

    The destination that holds from now on, or has held, is remembered. Returns None where the status has no
    such forwarding.
    """
    of_status = settings.statuses.of(status)
    if condition.value not in type(of_status.internal).model_fields:
        return None
    last = to or forwarded(settings, status, condition)
    change: dict[str, Destination | None] = {condition.value: to}
    changed = of_status.model_copy(
        update={
            "internal": of_status.internal.model_copy(update=change),
            "external": of_status.external.model_copy(update=change),
        }
    )
    remembered = settings.last_forwarding
    if last is not None:
        remembered = remembered.model_copy(update={condition.value: last})
    return settings.model_copy(
        update={
            "statuses": settings.statuses.model_copy(update={status.value: changed}),
            "last_forwarding": remembered,
        }
    )


def forwarded(
    settings: ReachingSettings, status: PresenceStatus, condition: ForwardingCondition
) -> Destination | None:
    """Where calls of either type go in this status, those from outside first; None: nowhere else."""
    of_status = settings.statuses.of(status)
    found: Destination | None = getattr(of_status.external, condition, None) or getattr(
        of_status.internal, condition, None
    )
    return found


def last_destination(
    settings: ReachingSettings, status: PresenceStatus, condition: ForwardingCondition, *, has_mobile: bool
) -> Destination | None:
    """Where a code without a number forwards to: as it is, as it last was, else to the own mobile number."""
    remembered: Destination | None = getattr(settings.last_forwarding, condition)
    mobile = Destination(kind=DestinationKind.MOBILE) if has_mobile else None
    return forwarded(settings, status, condition) or remembered or mobile
