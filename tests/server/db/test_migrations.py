"""The migrations lead to exactly the tables of the models, on both databases (A.4)."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import server.db.models  # noqa: F401
from server.db.base import Base, Database
from server.db.migrate import SCRIPTS, DatabaseTooNew, downgrade, revisions, upgrade


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_migrated_tables_are_those_of_the_models(database_url: str) -> None:
    db = Database(database_url)
    try:
        await upgrade(db)
        async with db.engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await db.aclose()


def test_file_names_tell_the_order_of_the_revisions() -> None:
    """What is migrated already is recognised by them, without asking Alembic."""
    walked = [script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()]
    assert revisions() == walked[::-1]


async def test_migrations_can_be_undone_and_repeated(database_url: str) -> None:
    db = Database(database_url)
    try:
        await upgrade(db)
        await downgrade(db, "base")
        async with db.engine.connect() as connection:
            left = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        assert left == ["alembic_version"]
        await upgrade(db)
        await upgrade(db)
        async with db.engine.connect() as connection:
            assert await connection.run_sync(_differences) == []
    finally:
        await db.aclose()


async def test_a_database_of_a_newer_version_is_refused_untouched(database_url: str) -> None:
    db = Database(database_url)
    try:
        await upgrade(db)
        async with db.engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(DatabaseTooNew, match="9999"):
            await upgrade(db)
    finally:
        await db.aclose()
