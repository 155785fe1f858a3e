"""Q-2, Q-4, Q-7, Q-11 on real phones: who is rung, when, and what agents are meanwhile."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.queue_table.rows import ROWS
from tests.queue_table.stage import Row
from tests.real.pbx import Pbx
from tests.real.queue_stage import play
from tests.real.scenes import Played, nothing_left, play_all

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(pbx: Pbx, request: pytest.FixtureRequest) -> AsyncIterator[Played]:
    """The whole table."""
    yield await play_all(request, pbx, ROWS, play)


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_who_is_rung_is_who_the_table_says_Q_2_Q_4_Q_7_Q_11(played: Played, row: Row) -> None:
    played.judge(row)


async def test_nothing_is_left_of_all_these_calls_Q_11(played: Played, pbx: Pbx) -> None:
    del played
    await nothing_left(pbx)
