"""Starting coroutines from code that cannot await: slots, models, windows.

`spawn` keeps a reference (a task that nobody holds may be collected in flight) and makes sure that no error
is lost: it goes to `on_error`, or else to the loop's exception handler, which logs it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()


def spawn(
    coro: Coroutine[Any, Any, T],
    *,
    on_done: Callable[[T], None] | None = None,
    on_error: Callable[[Exception], None] | None = None,
    name: str | None = None,
) -> asyncio.Task[T]:
    """Run `coro` on the running loop and return its task.

    `on_done` gets the result, `on_error` the exception; both are called on the loop (the Qt main thread).
    Without `on_error` an exception is reported to the loop's exception handler. A cancelled task calls
    neither.
    """
    task = asyncio.get_running_loop().create_task(coro, name=name)
    _running.add(task)

    def finished(task: asyncio.Task[T]) -> None:
        _running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            if on_done is not None:
                on_done(task.result())
        elif on_error is not None and isinstance(error, Exception):
            on_error(error)
        else:
            _report(task, error)

    task.add_done_callback(finished)
    return task


class Tasks:
    """Tasks of something that may end before they do. Closed, it has none, and starts none."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.closed = False

    def spawn(self, coro: Coroutine[Any, Any, Any], *, name: str) -> None:
        """See `spawn`."""
        if self.closed:
            coro.close()
            return
        task = spawn(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Cancel them: whoever would be told of what they do is about to go."""
        self.closed = True
        for task in self._tasks:
            task.cancel()


def running() -> frozenset[asyncio.Task[Any]]:
    """The tasks started by `spawn` that have not finished."""
    return frozenset(_running)


async def cancel_all() -> None:
    """Cancel every task started by `spawn`, except the caller's own, and wait until they have ended."""
    mine = asyncio.current_task()
    tasks = [task for task in _running if task is not mine]
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)


def _report(task: asyncio.Task[Any], error: BaseException) -> None:
    task.get_loop().call_exception_handler(
        {"message": f"task {task.get_name()} failed", "exception": error, "task": task}
    )
