"""Q-2 to Q-11: the table of what happens in queues, in virtual time; with real phones in tests/real."""

import pytest

from tests.queue_table import rows, ways_out
from tests.queue_table.stage import judge
from tests.server.flows.office import office
from tests.server.flows.queue_stage import SimulatedStage
from tests.virtual_time import in_virtual_time


@pytest.mark.parametrize("row", [*rows.ROWS, *ways_out.ROWS], ids=str)
@in_virtual_time
async def test_what_happens_in_a_queue_ends_as_the_table_says_Q_2_Q_3_Q_4_Q_11(row):
    async with office() as place:
        stage = SimulatedStage(place)
        await stage.enter(row.phones)
        await row.play(stage)
        await judge(stage, row)
