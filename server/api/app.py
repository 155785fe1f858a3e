"""The FastAPI application: every router, one shape of error, limits on bodies."""

import functools
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

import server
from server.api import (
    auth,
    call_log,
    calls,
    configuration,
    events,
    extensions,
    keys,
    languages,
    mail,
    me,
    metrics,
    pairs,
    presence,
    prompts,
    queue_log,
    queue_reports,
    queue_setup,
    queues,
    reaching,
    recordings,
    ring_tones,
    routing,
    system,
    voicemail,
)
from server.api.deps import Services
from server.api.errors import add_handlers
from server.api.limits import MAX_BODY, MAX_OBJECT, BodyLimit
from server.contract.errors import ErrorBody
from server.contract.kinds import KINDS
from server.contract.languages import MAX_PACKAGE_BYTES
from server.contract.queue_setup import MAX_SETUP_BYTES
from server.contract.voicemail import MAX_GREETING_BYTES
from server.services import sound_files
from server.services.extensions_avatars import MAX_BYTES

PREFIX = "/api/v1"

ROUTERS = (
    auth.router,
    me.router,
    presence.router,
    presence.of_extensions,
    reaching.router,
    reaching.of_extensions,
    keys.router,
    keys.of_extensions,
    voicemail.own,
    voicemail.of_boxes,
    extensions.router,
    call_log.router,
    calls.router,
    calls.of_extensions,
    calls.own,
    queues.own,
    queues.router,
    queue_reports.router,
    queue_log.router,
    queue_setup.router,
    pairs.own,
    pairs.router,
    recordings.own,
    recordings.router,
    *configuration.ROUTERS,
    mail.own,
    mail.of_extensions,
    mail.router,
    prompts.router,
    languages.router,
    ring_tones.own,
    ring_tones.router,
    routing.router,
    events.router,
    system.router,
)

_PROMPTS = f"{PREFIX}/prompts/"
_TONES = f"{PREFIX}/ring-tones/"
_OBJECTS = tuple(f"{PREFIX}/{kind.path}/" for kind in KINDS if not kind.single)

_ERRORS: dict[int | str, dict[str, Any]] = {
    422: {"model": ErrorBody, "description": "The request is not usable."},
    "default": {"model": ErrorBody, "description": "What happened, and what to do."},
}


@functools.cache
def _api() -> FastAPI:
    """Every route, built once a process: it takes longer than all else in a start, and knows no services."""
    api = FastAPI(
        title="Linkus PBX",
        version=server.__version__,
        description="REST and live events of the PBX. Log in, then send the access token as Bearer.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    for router in ROUTERS:
        api.include_router(router, prefix=PREFIX, responses=_ERRORS)
    api.include_router(metrics.router, responses=_ERRORS)
    add_handlers(api)
    api.add_middleware(BodyLimit, limit_of=_limit)
    return api


def create_api(services: Services) -> ASGIApp:
    """The application that serves these services: each request and WebSocket carries them (`services_of`)."""
    api = _api()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {"services": services}
        await api(scope, receive, send)

    return serve


def _limit(path: str) -> int:
    return next((limit for fits, limit in _LIMITS if fits(path)), MAX_BODY)


_LIMITS: tuple[tuple[Callable[[str], bool], int], ...] = (
    (lambda path: path.startswith(_PROMPTS) and f"/{prompts.PATH}/" in path, sound_files.MAX_BYTES),
    (lambda path: path.startswith(_TONES) and path.endswith(f"/{ring_tones.PATH}"), sound_files.MAX_BYTES),
    (lambda path: path.startswith(f"{PREFIX}/{languages.PATH}/"), MAX_PACKAGE_BYTES),
    (lambda path: path.startswith(_OBJECTS) or path.endswith("/keys"), MAX_OBJECT),
    (lambda path: path == f"{PREFIX}/{queue_setup.PATH}", MAX_SETUP_BYTES),
    (lambda path: path.endswith("/greetings"), MAX_GREETING_BYTES),
    (lambda path: path.endswith("/avatar"), MAX_BYTES),
)
"""The first that fits a path says how many bytes its body may have."""
