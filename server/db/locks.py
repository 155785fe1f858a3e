"""Locks between transactions, on both databases."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_NUMBERING_PLAN = 7_201_001


async def lock_numbering_plan(session: AsyncSession) -> None:
    """From here to the end of the transaction no other one gives a number away, or takes one back.

    SQLite has one writer at a time, so there it is so already.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _NUMBERING_PLAN})
