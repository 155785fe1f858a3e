"""Q-3, Q-5, Q-11 on real phones: callers who go elsewhere, calls that do, and phones that are gone."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.queue_table.stage import Row
from tests.queue_table.ways_out import OTHER_PHONES, ROWS
from tests.real.outside import Outside
from tests.real.pbx import Pbx
from tests.real.queue_stage import play, upload_notice
from tests.real.scenes import Played, nothing_left, play_all

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="session")]

ALL = [*ROWS, *OTHER_PHONES]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def played(
    pbx: Pbx, carriers: Outside, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Played]:
    """The whole table."""
    await upload_notice(pbx, tmp_path_factory.mktemp("notice"))
    yield await play_all(request, pbx, ALL, play, outside=carriers)


@pytest.mark.parametrize("row", ALL, ids=str)
async def test_a_call_of_a_queue_ends_as_the_table_says_Q_3_Q_5_Q_11(played: Played, row: Row) -> None:
    played.judge(row)


async def test_nothing_is_left_of_all_these_calls_Q_11(played: Played, pbx: Pbx, carriers: Outside) -> None:
    del played
    await nothing_left(pbx, carriers)
