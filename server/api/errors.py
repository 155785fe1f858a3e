"""Every answer above 400 is an `ErrorBody`, whatever went wrong and wherever."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket

from server.contract.errors import ErrorBody, ErrorCode, FieldProblem
from server.services.errors import ServiceError
from server.services.vault import VaultError
from server.switch.port import SwitchError

_log = logging.getLogger(__name__)

STATUS: dict[ErrorCode, int] = {
    ErrorCode.INVALID: 422,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.BAD_CREDENTIALS: 401,
    ErrorCode.LOCKED: 423,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.CLIENT_DISABLED: 403,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.WEAK_PASSWORD: 422,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.INTERNAL: 500,
}

_CODES = {
    401: ErrorCode.UNAUTHENTICATED,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    413: ErrorCode.TOO_LARGE,
}


def respond(body: ErrorBody, *, status: int | None = None) -> JSONResponse:
    """The answer that carries an error."""
    headers = {}
    if body.retry_after_s is not None:
        headers["Retry-After"] = str(body.retry_after_s)
    if body.code in (ErrorCode.UNAUTHENTICATED, ErrorCode.BAD_CREDENTIALS):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(mode="json"), status or STATUS[body.code], headers)


def database_error(error: DBAPIError | PoolTimeoutError) -> ErrorBody:
    """The database could not do it now: nothing of the request was kept."""
    reason = str(error.orig).splitlines()[0] if isinstance(error, DBAPIError) else "no free connection"
    return ErrorBody(
        code=ErrorCode.UNAVAILABLE,
        message=f"The database cannot do this now ({reason}); nothing was changed. Try again in a moment.",
        retry_after_s=5,
    )


def validation_error(error: RequestValidationError) -> ErrorBody:
    """What is wrong with the request, field by field; never the values, which may be passwords."""
    fields = []
    for problem in error.errors():
        where = [str(part) for part in problem["loc"]]
        name = ".".join(where[1:]) or ".".join(where) or "request"
        fields.append(FieldProblem(field=name, problem=str(problem["msg"]).removeprefix("Value error, ")))
    listed = "; ".join(f"{field.field}: {field.problem}" for field in fields[:5])
    return ErrorBody(code=ErrorCode.INVALID, message=f"The request is not usable: {listed}.", fields=fields)


def add_handlers(api: FastAPI) -> None:
    """Make every error of this application an `ErrorBody`."""

    async def on_service(connection: HTTPConnection, error: ServiceError) -> Any:
        return await _deliver(connection, respond(error.body()))

    async def on_validation(connection: HTTPConnection, error: RequestValidationError) -> Any:
        return await _deliver(connection, respond(validation_error(error)))

    async def on_http(connection: HTTPConnection, error: HTTPException) -> Any:
        code = _CODES.get(error.status_code, ErrorCode.INVALID)
        if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            code = ErrorCode.INTERNAL
        response = respond(
            ErrorBody(code=code, message=_sentence(connection, error)), status=error.status_code
        )
        response.headers.update(error.headers or {})
        return await _deliver(connection, response)

    async def on_database(connection: HTTPConnection, error: DBAPIError | PoolTimeoutError) -> Any:
        if isinstance(error, IntegrityError):
            _log.error("%s failed", connection.url.path, exc_info=error)
            return await on_bug(connection, error)
        body = database_error(error)
        _log.error("%s", body.message)
        return await _deliver(connection, respond(body))

    async def on_switch(connection: HTTPConnection, error: Exception) -> Any:
        body = ErrorBody(
            code=ErrorCode.UNAVAILABLE, message=f"The telephone switch cannot do this now: {error}"
        )
        return await _deliver(connection, respond(body))

    async def on_vault(connection: HTTPConnection, error: VaultError) -> Any:
        _log.error("%s", error)
        body = ErrorBody(code=ErrorCode.UNAVAILABLE, message=str(error))
        return await _deliver(connection, respond(body))

    async def on_bug(connection: HTTPConnection, _error: Exception) -> Any:
        body = ErrorBody(
            code=ErrorCode.INTERNAL,
            message="The server failed to do this; its log says why. Tell the administrator.",
        )
        return await _deliver(connection, respond(body))

    # The last one is run by Starlette's outermost layer, which logs the traceback by itself.
    handlers: dict[type[Exception], Any] = {
        ServiceError: on_service,
        RequestValidationError: on_validation,
        HTTPException: on_http,
        DBAPIError: on_database,
        PoolTimeoutError: on_database,
        SwitchError: on_switch,
        VaultError: on_vault,
        Exception: on_bug,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _sentence(connection: HTTPConnection, error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {connection.url.path}: check the address."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        method = connection.scope.get("method", "this")
        return f"{connection.url.path} does not support {method}: see openapi.json."
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return "The body of the request cannot be read: it must be JSON, not too deeply nested."
    return str(error.detail)


async def _deliver(connection: HTTPConnection, response: JSONResponse) -> JSONResponse | None:
    """A WebSocket that is refused before it is accepted gets the same answer as a request."""
    if isinstance(connection, WebSocket):
        await connection.send_denial_response(response)
        return None
    return response
