"""What a service raises when it cannot do what was asked; the API turns it into an `ErrorBody`."""

from collections.abc import Sequence
from typing import Any

from server.contract.errors import ErrorBody, ErrorCode, FieldProblem


class ServiceError(Exception):
    """A refusal with a stable code and a sentence for a person.

    Attributes:
        code: the contract's name of the error.
        message: what happened, which value, what to do.
        fields: what is wrong with single fields of the request.
        retry_after_s: seconds after which the same request may succeed.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        fields: Sequence[FieldProblem] = (),
        retry_after_s: int | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = list(fields)
        self.retry_after_s = retry_after_s
        self.detail = detail or {}

    def body(self) -> ErrorBody:
        """The error as it crosses the API."""
        return ErrorBody(
            code=self.code,
            message=self.message,
            fields=self.fields,
            retry_after_s=self.retry_after_s,
            detail=self.detail,
        )


class AuthError(ServiceError):
    """Login, token or permission refused (AUTH-6, AUTH-7)."""


def not_found(what: str) -> ServiceError:
    """`NOT_FOUND` for `what`, such as "extension 1001"."""
    return ServiceError(ErrorCode.NOT_FOUND, f"There is no {what}.")


def conflict(message: str) -> ServiceError:
    """`CONFLICT`: the thing exists already, or is in a state that does not allow this."""
    return ServiceError(ErrorCode.CONFLICT, message)


def invalid(field: str, problem: str) -> ServiceError:
    """`INVALID` about one field of the request."""
    return ServiceError(
        ErrorCode.INVALID, f"{field}: {problem}", fields=[FieldProblem(field=field, problem=problem)]
    )
