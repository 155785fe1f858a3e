"""Bringing a database to the newest revision."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from server.db.base import Database

SCRIPTS = Path(__file__).with_name("migrations")


class DatabaseTooNew(Exception):
    """The database was written by a newer version of this program; use that one."""


async def upgrade(db: Database, *, to: str = "head") -> None:
    """Run the migrations that are missing, all or none of them, in one transaction.

    Raises:
        DatabaseTooNew: the database has a revision that this program does not know.
    """
    async with db.engine.begin() as connection:
        await connection.run_sync(_upgrade, to)


def _upgrade(connection: Connection, to: str) -> None:
    known = revisions()
    current = _revision(connection)
    if current == known[-1]:
        return  # as nearly always: without Alembic, whose import takes longer than the rest of a command
    if current is not None and current not in known:
        raise DatabaseTooNew(
            f"The database is at revision {current}, which this version does not know: "
            "it was used with a newer version of linkus-pbx. Start that one, or restore a backup."
        )
    from server.db import alembic_runs  # noqa: PLC0415  (see above)

    alembic_runs.upgrade(connection, to)


def revisions() -> list[str]:
    """Every revision that this program knows, the oldest first: file names begin with them."""
    return sorted(file.name.split("_")[0] for file in (SCRIPTS / "versions").glob("[0-9]*.py"))


def _revision(connection: Connection) -> str | None:
    """The revision of this database; None: nothing was migrated yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def downgrade(db: Database, to: str) -> None:
    """Undo migrations down to revision `to` (`base`: all)."""
    from server.db import alembic_runs  # noqa: PLC0415

    async with db.engine.begin() as connection:
        await connection.run_sync(alembic_runs.downgrade, to)
