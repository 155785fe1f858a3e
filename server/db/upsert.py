"""Inserting a row unless it is there, on both databases."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.base import Base


async def insert_missing(session: AsyncSession, row: type[Base], **values: Any) -> None:
    """Insert `values` into the table of `row`; a row with the same key is left as it is."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(insert(row).values(**values).on_conflict_do_nothing())
