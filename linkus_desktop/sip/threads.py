"""All of pjsua2 runs on one thread, the main one; calling it from another aborts the process."""

import functools
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])


class WrongThread(RuntimeError):
    """A phone object was used from a thread other than the main one."""


def assert_main_thread() -> None:
    """Raise `WrongThread` unless this is the main thread."""
    here = threading.current_thread()
    if here is not threading.main_thread():
        raise WrongThread(f"The phone may only be used on the main thread, not on {here.name}")


def main_thread(method: F) -> F:
    """Let a method run on the main thread only."""

    @functools.wraps(method)
    def checked(*args: Any, **kwargs: Any) -> Any:
        assert_main_thread()
        return method(*args, **kwargs)

    return checked  # type: ignore[return-value]


def pj_callback(method: F) -> F:
    """Mark a method that PJSIP calls: an exception is logged and stops here.

    An exception that left it would unwind through C code and abort the process.
    """

    @functools.wraps(method)
    def contained(*args: Any, **kwargs: Any) -> None:
        try:
            assert_main_thread()
            method(*args, **kwargs)
        except Exception:  # noqa: BLE001  the caller is C code: nothing may pass
            _log.exception("Error in %s", method.__qualname__)

    return contained  # type: ignore[return-value]
