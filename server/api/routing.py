"""Where a call would go, and why: for administrators."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from server.api.deps import Administrator, ServicesDep
from server.contract.base import Line
from server.contract.decisions import RouteExplanation, RouteQuery

router = APIRouter(prefix="/route", tags=["configuration"])


@router.get("/explain")
async def explain(  # noqa: PLR0917
    _: Administrator,
    services: ServicesDep,
    dialled: Annotated[Line, Query(min_length=1, max_length=64, description="What is dialled.")],
    extension: Annotated[
        Line, Query(alias="from", max_length=8, description="The extension that dials.")
    ] = "",
    trunk: Annotated[Line, Query(max_length=32, description="The trunk the call comes from.")] = "",
    caller: Annotated[Line, Query(max_length=64, description="The number that the trunk shows.")] = "",
    psap_callback: Annotated[
        bool, Query(description="The trunk marks it as an emergency centre's call-back (RFC 7090).")
    ] = False,
    at: Annotated[
        datetime | None,
        Query(description="When; without a zone in the system's time zone. Left out: now."),
    ] = None,
) -> RouteExplanation:
    """Where a call from an extension or a trunk would go, with every rule that was tried. None is made."""
    query = RouteQuery(
        dialled=dialled,
        extension=extension,
        trunk=trunk,
        caller=caller,
        psap_callback=psap_callback,
        at=at,
    )
    return await services.routing.explain(query)
