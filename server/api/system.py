"""Health, readiness, status, audit."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

import server
from server.api.deps import Administrator, ServicesDep
from server.api.moments import Moment
from server.contract.system import AuditEntry, Health, Readiness, ServerStatus

router = APIRouter(tags=["system"])


@router.get("/health")
async def health() -> Health:
    """The process answers. Needs no login."""
    return Health(version=server.__version__)


@router.get("/ready", responses={503: {"model": Readiness}})
async def ready(services: ServicesDep, response: Response) -> Readiness:
    """Whether calls can be made: 200 if so, else 503 with the reasons. Needs no login."""
    readiness = await services.readiness.check()
    if not readiness.ready:
        response.status_code = 503
    return readiness


@router.get("/status")
async def status(_: Administrator, services: ServicesDep) -> ServerStatus:
    """The server at a glance."""
    readiness = await services.readiness.check()
    switch = services.switch.status
    return ServerStatus(
        version=server.__version__,
        name=services.settings.name,
        started_at=services.started_at,
        ready=readiness.ready,
        checks=readiness.checks,
        switch_version=switch.version,
        switch_pid=switch.pid,
        sip_udp=switch.sip_udp,
        sip_tls=switch.sip_tls,
        extensions=len(services.directory.all()),
        registered=services.states.registered,
        phones=services.states.phones,
        active_calls=services.calls.active(),
        trunks=services.trunks.report(),
    )


@router.get("/audit")
async def audit(
    _: Administrator,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[Moment | None, Query(description="Only entries older than this.")] = None,
) -> list[AuditEntry]:
    """Who did what, when, from where; the newest first."""
    return await services.audit.list(limit=limit, before=before)
