"""How calls sounded, in the database (SIP-8): by call and extension, whose client has told."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.contract.calls import CallQuality, Outcome
from server.db.models.calls import CallLogRow, CallQualityRow

OF_ENTRY = and_(
    CallQualityRow.call_id == CallLogRow.call_id,
    CallQualityRow.owner == CallLogRow.owner,
    CallLogRow.outcome == Outcome.ANSWERED,
)
"""Which quality an entry has: an extension that a call came to twice has talked in it once."""


def quality_of(row: CallQualityRow) -> CallQuality:
    """What a row says."""
    return CallQuality.model_validate(row, from_attributes=True)


async def put_quality(session: AsyncSession, call_id: str, owner: str, quality: CallQuality) -> None:
    """Store it, in place of what was told before. Raises `IntegrityError` if the call is not stored."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    figures = {name: getattr(quality, name) for name in CallQuality.model_fields}
    put = insert(CallQualityRow).values(call_id=call_id, owner=owner, **figures)
    await session.execute(put.on_conflict_do_update(index_elements=["call_id", "owner"], set_=figures))


async def qualities(session: AsyncSession, calls: Sequence[str]) -> dict[str, dict[str, CallQuality]]:
    """Of these calls, by call and extension."""
    found: dict[str, dict[str, CallQuality]] = defaultdict(dict)
    for row in await session.scalars(select(CallQualityRow).where(CallQualityRow.call_id.in_(calls))):
        found[row.call_id][row.owner] = quality_of(row)
    return found
