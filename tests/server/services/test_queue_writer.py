"""Q-9, Q-11: what the queues change is written in order, whatever goes wrong; in virtual time."""

import asyncio

from server.contract.agents import QueueCall, QueueEnd
from server.services import queue_writer
from server.services.queue_store import Changes
from server.services.queue_writer import QueueWriter
from tests.server.flows.memory import MemoryQueueStore
from tests.virtual_time import EPOCH, in_virtual_time


def logged(*calls: str) -> Changes:
    more = {"queue": "6400", "joined": EPOCH, "left": EPOCH, "end": QueueEnd.ABANDONED}
    return Changes(calls=[QueueCall(call=call, **more) for call in calls])


async def written(writer: QueueWriter) -> None:
    async with asyncio.timeout(60):
        while writer.pending:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@in_virtual_time
async def test_who_cannot_take_the_news_of_a_line_stops_nothing_Q_9(caplog):
    store = MemoryQueueStore()
    writer = QueueWriter(store)

    def fails(_entries):
        raise KeyError("a mistake of ours")

    writer.on_logged = fails
    writer.start()
    writer.write(logged("a"))
    await written(writer)
    writer.write(logged("b"))
    await written(writer)
    assert [call.call for call in store.calls] == ["a", "b"]
    assert "a mistake of ours" in caplog.text
    await writer.stop()


@in_virtual_time
async def test_while_the_database_is_away_the_newest_lines_are_kept_Q_9(monkeypatch, caplog):
    monkeypatch.setattr(queue_writer, "MAX_LOGGED", 3)
    store = MemoryQueueStore()
    store.fail = OSError("no database")
    writer = QueueWriter(store)
    writer.start()
    writer.write(logged("a", "b"))
    await asyncio.sleep(0.1)
    writer.write(logged("c", "d", "e", "f"))
    store.fail = None
    await written(writer)
    assert [call.call for call in store.calls] == ["d", "e", "f"]
    assert caplog.text.count("is lost") == 3
    await writer.stop()
