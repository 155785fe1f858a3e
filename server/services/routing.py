"""Explains where a call would go: the same rules that calls follow, asked for one that is not made."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime

from server.clock import Clock
from server.contract.decisions import RouteExplanation, RouteQuery
from server.rules.routing import Call, EmergencyCall, FromExtension, FromTrunk, Snapshot, route
from server.services.configuration import Configuration
from server.services.errors import invalid
from server.services.extensions import Extensions


class Routing:
    """Answers `linkus-pbx route explain` and `GET /api/v1/route/explain`."""

    def __init__(
        self,
        *,
        configuration: Configuration,
        extensions: Extensions,
        clock: Clock,
        emergencies: Callable[[], Collection[EmergencyCall]],
    ) -> None:
        """`emergencies`: the emergency calls that were made lately."""
        self._emergencies = emergencies
        self._configuration = configuration
        self._extensions = extensions
        self._clock = clock

    async def explain(self, query: RouteQuery) -> RouteExplanation:
        """What would happen with this call, and every rule that was tried.

        Raises:
            ServiceError: `INVALID`: neither or both of extension and trunk, or an unusable moment.
        """
        snapshot = self._configuration.snapshot
        enabled = {one.number: one for one in await self._extensions.list() if one.enabled}
        at = self._moment(query.at, snapshot)
        return RouteExplanation(
            query=query,
            at=at,
            time_zone=snapshot.system.time_zone,
            decision=route(snapshot, enabled, _call(query), at, self._emergencies()),
        )

    def _moment(self, at: datetime | None, snapshot: Snapshot) -> datetime:
        if at is None:
            return self._clock.now()
        if at.tzinfo is None:
            if snapshot.zone is None:
                raise invalid("at", f"give it with a zone: {snapshot.system.time_zone} is not known here")
            at = at.replace(tzinfo=snapshot.zone)
        try:
            return at.astimezone(UTC)
        except OverflowError:
            raise invalid("at", "this moment is outside the calendar") from None


def _call(query: RouteQuery) -> Call:
    if bool(query.extension) == bool(query.trunk):
        raise invalid("from", "give either an extension (from) or a trunk")
    if query.trunk:
        return FromTrunk(query.trunk, query.dialled, query.caller, query.psap_callback)
    if query.caller:
        raise invalid("caller", "goes with a trunk; of an extension the number is known")
    if query.psap_callback:
        raise invalid("psap_callback", "goes with a trunk: no phone is an emergency centre")
    return FromExtension(query.extension, query.dialled)
