"""Passwords: how strong they must be, and their Argon2id hashes (AUTH-5, AUTH-6)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from server.contract.errors import ErrorCode, FieldProblem
from server.services.errors import ServiceError
from server.settings import Argon2Settings

T = TypeVar("T")

MIN_LENGTH = 10
LONG_ENOUGH = 16
"""From this length on, one kind of characters will do."""
MIN_DIFFERENT = 5
WORKERS = 2
MAX_WAITING = 100
"""Hashes in progress or waiting; above it, tries are refused rather than queued for long."""


def check_strength(password: str, *, names: tuple[str, ...] = (), field: str = "password") -> None:
    """Refuse a weak password; `names` are words that must not be in it (number, login name, e-mail).

    Raises:
        ServiceError: `WEAK_PASSWORD`, with everything that is wrong.
    """
    problems = []
    if len(password) < MIN_LENGTH:
        problems.append(f"it has {len(password)} characters, at least {MIN_LENGTH} are needed")
    if len(set(password)) < MIN_DIFFERENT:
        problems.append(f"it needs at least {MIN_DIFFERENT} different characters")
    if len(password) < LONG_ENOUGH and (password.isalpha() or password.isdigit()):
        problems.append(f"with less than {LONG_ENOUGH} characters it needs letters and others")
    lower = password.casefold()
    if any(len(name) >= 3 and name.casefold() in lower for name in names):
        problems.append("it must not contain the extension number, login name or e-mail address")
    if problems:
        raise ServiceError(
            ErrorCode.WEAK_PASSWORD,
            f"This password is too weak: {'; '.join(problems)}.",
            fields=[FieldProblem(field=field, problem=problem) for problem in problems],
        )


class Passwords:
    """Hashes and verifies in its own threads, so that the event loop never waits for Argon2."""

    def __init__(self, cost: Argon2Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=cost.time_cost, memory_cost=cost.memory_kib, parallelism=cost.parallelism, type=Type.ID
        )
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
        self._waiting = 0
        self._dummy = self._hasher.hash("the password of nobody")

    async def hash(self, password: str) -> str:
        """The Argon2id hash, in PHC form."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether the password is right; `hashed` None (unknown user) takes as long and is False."""
        right = await self._run(self._verify, hashed or self._dummy, password)
        return right and hashed is not None

    def outdated(self, hashed: str) -> bool:
        """True if the hash was made at another cost and should be made anew."""
        return self._hasher.check_needs_rehash(hashed)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= MAX_WAITING:
            raise ServiceError(
                ErrorCode.UNAVAILABLE,
                "Too many people are logging in at the same time: try again in a few seconds.",
                retry_after_s=5,
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        finally:
            self._waiting -= 1
