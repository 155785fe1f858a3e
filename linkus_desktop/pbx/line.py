"""HTTP to one server: a request and its typed answer, with tokens that renew themselves (AUTH-7).

Tokens go in headers only, never in a URL or a log.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from linkus_desktop.pbx.errors import ApiError, NotConnected, SessionEnded
from linkus_desktop.pbx.reach import Reached, read_body, why
from server.contract.auth import RefreshRequest, Tokens
from server.contract.errors import ErrorBody, ErrorCode

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT_S = 15.0
API = "/api/v1"
MAX_ANSWER = 16 * 1024 * 1024
"""Bytes of an answer that are read; a longer one is an error."""

Answer = TypeVar("Answer", bound=BaseModel)


class Line:
    """Requests to the server of one session.

    Attributes:
        reached: where the server is now; may be changed at any time.
        on_ended: called once with a text for people when the server no longer knows the session.
    """

    def __init__(self, http: aiohttp.ClientSession, reached: Reached) -> None:
        self.http = http
        self.reached = reached
        self.on_ended: Callable[[str], None] = lambda _text: None
        self._tokens: Tokens | None = None
        self._renew_at = 0.0
        self._renewal: asyncio.Task[None] | None = None
        self._ended: SessionEnded | None = None

    def use(self, tokens: Tokens, date: str | None = None) -> None:
        """Take new tokens. `date` is the Date header they came with: this machine's clock may be wrong."""
        self._tokens = tokens
        lifetime = (tokens.access_expires_at - _moment(date, tokens)).total_seconds()
        self._renew_at = time.monotonic() + max(lifetime, 2.0) / 2

    @property
    def renew_in_s(self) -> float:
        """Seconds until the tokens ought to be renewed: half of their life."""
        return max(0.0, self._renew_at - time.monotonic())

    @property
    def authorization(self) -> dict[str, str]:
        """The header that says who we are. Raises `SessionEnded`."""
        if self._tokens is None:
            raise self._ended or SessionEnded()
        return {"Authorization": f"Bearer {self._tokens.access_token}"}

    def forget_tokens(self) -> None:
        """No request can be made any more."""
        self._tokens = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Make an authorised request; `path` is below `/api/v1`. Returns the body of the answer.

        Raises:
            NotConnected: it did not get there, or the answer did not come back.
            ApiError: the server refused it.
            SessionEnded: log in again.
        """
        header = self.authorization
        more = dict(headers or {})
        try:
            return (await self.send(method, path, body=body, query=query, headers={**more, **header}))[0]
        except ApiError as error:
            if error.code is not ErrorCode.UNAUTHENTICATED:
                raise
        if header == self.authorization:
            await self.renew()
        headers = {**more, **self.authorization}
        return (await self.send(method, path, body=body, query=query, headers=headers))[0]

    async def ask(self, answer: type[Answer], method: str, path: str, **options: Any) -> Answer:
        """`request` with the answer read as a model; what cannot be read raises `NotConnected`."""
        return understood(answer, await self.request(method, path, **options))

    async def renew(self) -> None:
        """Renew the tokens; callers at the same time share one renewal, which none of them cuts short.

        Raises `NotConnected`, or `SessionEnded` after telling `on_ended`.
        """
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.ensure_future(self._renew())
            self._renewal.add_done_callback(lambda task: task.cancelled() or task.exception())
        await asyncio.shield(self._renewal)

    async def _renew(self) -> None:
        if self._tokens is None:
            raise self._ended or SessionEnded()
        old = self._tokens
        try:
            text, date = await self.send(
                "POST", "/auth/refresh", body=RefreshRequest(refresh_token=old.refresh_token)
            )
        except ApiError as error:
            if error.code not in {ErrorCode.UNAUTHENTICATED, ErrorCode.CLIENT_DISABLED, ErrorCode.FORBIDDEN}:
                raise NotConnected(error.text) from error
            raise self._end(error) from error
        if self._tokens is old:  # nobody logged out meanwhile
            self.use(understood(Tokens, text), date)

    def _end(self, error: ApiError) -> SessionEnded:
        disabled = error.code is not ErrorCode.UNAUTHENTICATED
        self._ended = SessionEnded(error.text) if disabled else SessionEnded()
        self._tokens = None
        self.on_ended(self._ended.text)
        return self._ended

    async def send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[bytes, str | None]:
        """One request, no second try. Returns body and Date header. Raises `NotConnected`, `ApiError`."""
        data = body.model_dump(mode="json", exclude_unset=False) if isinstance(body, BaseModel) else body
        reached = self.reached
        try:
            async with (
                asyncio.timeout(REQUEST_TIMEOUT_S),
                self.http.request(
                    method,
                    reached.address.url + API + path,
                    json=data,
                    params=query,
                    headers=headers,
                    ssl=reached.tls,
                    allow_redirects=False,
                ) as answer,
            ):
                text = await read_body(answer, MAX_ANSWER)
                if answer.status >= 300:
                    raise ApiError(answer.status, _error_body(answer.status, text))
                return text, answer.headers.get("Date")
        except (OSError, aiohttp.ClientError) as error:
            raise NotConnected(why(error, reached.address)) from error


def understood(answer: type[Answer], text: bytes) -> Answer:
    """Read an answer. Raises `NotConnected` if it is not what it should be."""
    try:
        return answer.model_validate_json(text)
    except ValidationError as error:
        logger.warning("%s is not understood: %d problems", answer.__name__, error.error_count())
        raise NotConnected(
            "The server's answer is not understood; its version may not fit this one."
        ) from error


def _error_body(status: int, text: bytes) -> ErrorBody:
    try:
        return ErrorBody.model_validate_json(text)
    except ValidationError:
        message = (
            f"The server has a problem (HTTP {status}). Try again; if it stays, tell your administrator."
        )
        return ErrorBody(code=ErrorCode.INTERNAL, message=message)


def _moment(date: str | None, tokens: Tokens) -> datetime:
    """The server's time, from a Date header; without one, as if an hour were left."""
    if date:
        try:
            moment = parsedate_to_datetime(date)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None:
            return moment
    return tokens.access_expires_at - timedelta(hours=1)
