"""All queues at once, as TOML or JSON: for administrators (issue D)."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from server.api.deps import Address, Administrator, ServicesDep
from server.contract.queue_setup import QueueSetup, QueueSetupChanges
from server.rules.queues.setup_file import as_toml
from server.services.errors import invalid
from server.services.queue_setup import export_setup, read_setup, take_setup

PATH = "queue-setup"
TOML = "application/toml"
_JSON = "application/json"
_SCHEMA = {"$ref": "#/components/schemas/QueueSetup"}

router = APIRouter(prefix=f"/{PATH}", tags=["queues"])


@router.get(
    "",
    response_model=QueueSetup,
    responses={200: {"content": {TOML: {"schema": {"type": "string"}}}}},
)
async def export_queues(request: Request, _: Administrator, services: ServicesDep) -> Any:
    """Every queue, and the options of all of them; as TOML, if that is what is accepted."""
    setup = export_setup(services.configuration)
    if TOML in request.headers.get("accept", ""):
        return PlainTextResponse(as_toml(setup), media_type=TOML)
    return setup


_BODY = {"required": True, "content": {_JSON: {"schema": _SCHEMA}, TOML: {"schema": {"type": "string"}}}}


@router.put("", openapi_extra={"requestBody": _BODY})
async def import_queues(
    request: Request,
    who: Administrator,
    services: ServicesDep,
    address: Address,
    *,
    dry_run: bool = False,
) -> QueueSetupChanges:
    """Have these queues and options, and no other queues: all of it, or nothing.

    With `dry_run` nothing is changed; the answer says what would be. An error names every problem there is.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (TOML, _JSON):
        raise invalid("content-type", f"is {kind or 'missing'}: send {TOML} or {_JSON}")
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError:
        raise invalid("the set-up", "must be text in UTF-8") from None
    # Reading takes a while for the largest one, and calls go on meanwhile.
    setup = await asyncio.to_thread(read_setup, text, as_json=kind == _JSON)
    return await take_setup(services.configuration, setup, by=who.user, address=address, dry_run=dry_run)
