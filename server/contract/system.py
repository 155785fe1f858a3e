"""Health, readiness, status, audit."""

from typing import Any, Literal

from server.contract.base import Instant, Reply


class Health(Reply):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str


class Check(Reply):
    """One thing that must be there."""

    name: str
    ok: bool
    message: str
    """What is the matter and what to do; empty when all is well."""
    for_calls: bool = True
    """Whether calls need it: without it the server is not ready."""


class Readiness(Reply):
    """Whether calls can be made; HTTP 200 if so, else 503."""

    ready: bool
    checks: list[Check]


class ActiveCall(Reply):
    """A call in progress; `ordered`: the phones of its caller ring, the number is called afterwards.

    `held_by`: the extensions of it that hold it, by their phones or by `POST /me/calls/{id}/hold`.
    """

    id: str
    caller: str
    dialled: str
    state: Literal["ordered", "ringing", "talking"]
    since: Instant
    held_by: list[str] = []


class TrunkReport(Reply):
    """State of a trunk; `reason` says what is wrong, and is empty when all is well."""

    name: str
    status: str
    reason: str = ""


class ServerStatus(Reply):
    """`linkus-pbx status`, `GET /api/v1/status`: for administrators."""

    version: str
    name: str
    started_at: Instant
    ready: bool
    checks: list[Check]
    switch_version: str | None
    switch_pid: int | None
    sip_udp: str | None
    sip_tls: str | None
    extensions: int
    registered: int
    phones: int
    active_calls: list[ActiveCall]
    trunks: list[TrunkReport]


class AuditEntry(Reply):
    """Who did what, when, from where; never a secret."""

    at: Instant
    actor: str
    address: str
    action: str
    subject: str
    detail: dict[str, Any]
