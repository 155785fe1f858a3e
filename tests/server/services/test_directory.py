"""The mirror of the extensions that calls look into."""

import asyncio

from server.services.directory import Directory
from server.services.extensions import ExtensionChanged
from tests.server.flows.office import MemoryExtensions, extension
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_change_during_the_load_wins_over_what_was_read():
    extensions = MemoryExtensions(["1001", "1002"])
    read = extensions.list

    async def slow_list():
        found = await read()
        await asyncio.sleep(1)
        return found

    extensions.list = slow_list
    directory = Directory(extensions=extensions)
    loading = asyncio.ensure_future(directory.start())
    await asyncio.sleep(0.5)
    extensions.drop("1001")
    extensions.put(extension("1002", first_name="New"))
    extensions.put(extension("1003", enabled=False))
    await loading
    assert directory.get("1001") is None
    assert directory.name("1002") == "New"
    assert [item.number for item in directory.all()] == ["1002"]


@in_virtual_time
async def test_one_follower_that_fails_does_not_keep_the_change_from_others(caplog):
    extensions = MemoryExtensions([])
    directory = Directory(extensions=extensions)
    await directory.start()
    told = []

    def broken(_number, _extension):
        raise ValueError("a bug")

    directory.observe(broken)
    stop = directory.observe(lambda number, _: told.append(number))
    extensions.put(extension("1001"))
    stop()
    extensions.put(extension("1002"))
    assert told == ["1001"]
    assert "a bug" in caplog.text
    directory.stop()
    extensions._tell(ExtensionChanged("1001", None))
    assert directory.get("1001") is not None
