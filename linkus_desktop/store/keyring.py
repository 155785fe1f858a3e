"""Passwords in the operating system's keyring (AUTH-4): there, or nowhere.

A keyring may ask the user to unlock it and take as long as the user does, so each call runs on a thread of
its own, which does not keep the program from quitting.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

logger = logging.getLogger(__name__)

SERVICE = "linkus-desktop"

_IN_CLEAR = ("keyrings.alt.", "sagecipher.")
"""Packages whose back ends write files that others could read: as good as none."""

T = TypeVar("T")


class Backend(Protocol):
    """What we use of a back end of the `keyring` package."""

    def get_password(self, service: str, username: str) -> str | None:
        """The password, None if there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a password."""

    def delete_password(self, service: str, username: str) -> None:
        """Remove a password; raises if there is none."""


class KeyringError(Exception):
    """The keyring did not do it; the text is for people."""


class Keyring:
    """Passwords by server and user.

    Args:
        find: returns the back end, or raises; by default the best one of this system.
    """

    def __init__(self, find: Callable[[], Backend] | None = None) -> None:
        self._find = find or find_backend
        self._backend: Backend | None = None
        self._one_at_a_time = threading.Lock()

    async def problem(self) -> str:
        """ "" if passwords can be remembered, else why not, for people."""
        try:
            await self._run(self._ready)
        except KeyringError as error:
            return str(error)
        return ""

    async def get(self, server: str, user: str) -> str | None:
        """The remembered password, None if there is none. Raises `KeyringError`."""
        return await self._run(lambda: self._ready().get_password(_service(server), user))

    async def put(self, server: str, user: str, password: str) -> None:
        """Remember a password. Raises `KeyringError`."""
        await self._run(lambda: self._ready().set_password(_service(server), user, password))

    async def forget(self, server: str, user: str) -> None:
        """Remove a password; one that is not there is fine. Raises `KeyringError`."""

        def forget() -> None:
            backend = self._ready()
            if backend.get_password(_service(server), user) is not None:
                backend.delete_password(_service(server), user)

        await self._run(forget)

    async def _run(self, job: Callable[[], T]) -> T:
        answer: Future[T] = Future()

        def work() -> None:
            with self._one_at_a_time:
                if not answer.set_running_or_notify_cancel():
                    return
                try:
                    answer.set_result(_guarded(job))
                except KeyringError as error:
                    answer.set_exception(error)

        threading.Thread(target=work, name="keyring", daemon=True).start()
        return await asyncio.wrap_future(answer)

    def _ready(self) -> Backend:
        if self._backend is None:
            self._backend = self._find()
        return self._backend


def find_backend() -> Backend:
    """The keyring of this system. Raises `KeyringError` if there is none that keeps secrets."""
    import keyring  # noqa: PLC0415  it looks through all installed packages: not at the start
    from keyring.backends import chainer, fail, null  # noqa: PLC0415

    backend = keyring.get_keyring()
    candidates = backend.backends if isinstance(backend, chainer.ChainerBackend) else [backend]
    for candidate in candidates:
        module = type(candidate).__module__
        if not isinstance(candidate, fail.Keyring | null.Keyring) and not module.startswith(_IN_CLEAR):
            return candidate
    raise KeyringError(
        "This system has no keyring to keep the password in, so it cannot be remembered. "
        "Install and unlock one, such as GNOME Keyring or KWallet, or enter the password each time."
    )


def _guarded(job: Callable[[], T]) -> T:
    try:
        return job()
    except KeyringError:
        raise
    except Exception as error:  # noqa: BLE001  back ends raise what D-Bus, ctypes and pywin32 do
        # The text of the error is not repeated: a library may quote its arguments.
        logger.warning("The keyring failed: %s", type(error).__name__)
        raise KeyringError(
            f"The system's keyring did not answer as it should ({type(error).__name__}). "
            "Unlock it and try again, or enter the password each time."
        ) from None


def _service(server: str) -> str:
    return f"{SERVICE}:{server}"
