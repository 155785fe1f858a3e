"""Q-9, Q-11: what the queues change is stored, whatever is written along with it."""

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.contract.agents import QueueCall, QueueEnd
from server.core import Core
from server.db.models import QueueCallRow
from server.services.queue_store import Changes, QueueStore


async def _broken(_session: AsyncSession, _changes: Changes) -> None:
    raise KeyError("a mistake of ours")


async def _refused(session: AsyncSession, _changes: Changes) -> None:
    await session.execute(insert(QueueCallRow).values(id=1, call_id="of another"))  # columns are missing


@pytest.mark.parametrize("along", [_broken, _refused])
async def test_a_mail_that_cannot_be_written_costs_no_line_of_the_log_Q_9(
    core: Core, along, caplog: pytest.LogCaptureFixture
) -> None:
    """Else nothing of the queues would be stored any more: the same would be tried for ever."""
    now = core.clock.now()
    call = QueueCall(call="c1", queue="6400", joined=now, left=now, end=QueueEnd.ABANDONED)
    (entry_id,) = await QueueStore(core.db, along).save(Changes(calls=[call]))
    async with core.db.reading() as session:
        assert await session.scalar(select(QueueCallRow.call_id).where(QueueCallRow.id == entry_id)) == "c1"
        assert await session.scalar(select(func.count()).select_from(QueueCallRow)) == 1
    assert "no mails" in caplog.text
