"""How the server says that something did not work."""

from enum import StrEnum
from typing import Any

from server.contract.base import Reply


class ErrorCode(StrEnum):
    """Stable names of errors: part of the API, never renamed."""

    INVALID = "invalid"
    """The request is not well-formed; `fields` names what is wrong."""
    UNAUTHENTICATED = "unauthenticated"
    """No token, or one that is unknown, expired or revoked."""
    BAD_CREDENTIALS = "bad_credentials"
    """User or password is wrong (which of them is not told, AUTH-6)."""
    LOCKED = "locked"
    """Too many wrong passwords; `retry_after_s` says when to come back (AUTH-6)."""
    RATE_LIMITED = "rate_limited"
    """Too many tries from this address; `retry_after_s` says when to come back (AUTH-6)."""
    CLIENT_DISABLED = "client_disabled"
    """This extension may not use the desktop client (AUTH-2)."""
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    WEAK_PASSWORD = "weak_password"  # noqa: S105
    TOO_LARGE = "too_large"
    UNAVAILABLE = "unavailable"
    """The switch or the database is not there now."""
    INTERNAL = "internal"


class FieldProblem(Reply):
    """One field of a request and what is wrong with it."""

    field: str
    problem: str


class ErrorBody(Reply):
    """Body of every answer with status 400 or above.

    `message` is a sentence for a person: what happened, which value, what to do.
    """

    code: ErrorCode
    message: str
    fields: list[FieldProblem] = []
    retry_after_s: int | None = None
    detail: dict[str, Any] = {}
