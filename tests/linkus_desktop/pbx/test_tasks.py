"""What is started from a slot is kept, and its errors are never lost."""

import asyncio
from typing import Any

from linkus_desktop.pbx.tasks import cancel_all, running, spawn


async def test_the_result_goes_to_on_done() -> None:
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def work() -> int:
        return 7

    spawn(work(), on_done=done.set_result)
    assert await done == 7


async def test_the_error_goes_to_on_error() -> None:
    failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        raise ValueError("no")

    spawn(work(), on_error=failed.set_result)
    assert str(await failed) == "no"


async def test_an_error_nobody_waits_for_reaches_the_loop() -> None:
    loop = asyncio.get_running_loop()
    told: asyncio.Future[dict[str, Any]] = loop.create_future()
    loop.set_exception_handler(lambda _, context: told.set_result(context))

    async def work() -> None:
        raise ValueError("no")

    spawn(work(), name="the work")
    context = await told
    assert "the work" in context["message"]
    assert str(context["exception"]) == "no"


async def test_all_are_cancelled_at_the_end() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    tasks = [spawn(work()) for _ in range(3)]
    assert running() >= set(tasks)
    await cancel_all()
    assert all(task.cancelled() for task in tasks)
    assert not running() & set(tasks)
