"""Whether calls can be made: the database, the disk, the switch."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.contract.system import Check, Readiness
from server.db.base import Database
from server.switch.port import Switch

MIN_FREE_BYTES = 64 * 1024 * 1024
"""Below this the database and the switch are about to fail."""

DATABASE_TIMEOUT_S = 4.0

_WRITE = text("UPDATE alembic_version SET version_num = version_num")


class ReadinessService:
    """Asks everything that a call needs."""

    def __init__(
        self, *, db: Database, switch: Switch, data: Path, mail: Callable[[], Check | None] = lambda: None
    ) -> None:
        self._mail = mail
        self._db = db
        self._switch = switch
        self._data = data

    async def check(self) -> Readiness:
        """All checks, as of now; each failed one says what is the matter and what to do."""
        checks = [
            Check(name="api", ok=True, message=""),
            await self._database(),
            self._disk(),
            self._engine(),
        ]
        if (mail := self._mail()) is not None:
            checks.append(mail)
        return Readiness(ready=all(check.ok for check in checks if check.for_calls), checks=checks)

    async def _database(self) -> Check:
        message = ""
        try:
            async with asyncio.timeout(DATABASE_TIMEOUT_S), self._db.session() as session:
                await session.execute(_WRITE)  # a write: a full disk or a read-only server lets reads pass
        except TimeoutError:
            message = f"The database did not answer within {DATABASE_TIMEOUT_S:.0f} s: see whether it runs."
        except (SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            message = f"The database cannot be written: {reason}."
        return Check(name="database", ok=not message, message=message)

    def _disk(self) -> Check:
        try:
            free = shutil.disk_usage(self._data).free
        except OSError as error:
            return Check(name="disk", ok=False, message=f"The data folder {self._data} is not there: {error}")
        if free >= MIN_FREE_BYTES:
            return Check(name="disk", ok=True, message="")
        return Check(
            name="disk",
            ok=False,
            message=f"Only {free // 1_000_000} MB are free on the disk of {self._data}: make room.",
        )

    def _engine(self) -> Check:
        status = self._switch.status
        return Check(name="switch", ok=status.up, message="" if status.up else status.problem)
