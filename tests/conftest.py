"""What every test runs in: no display, no settings from outside, folders of its own, no real keyring.

The environment is set when this file is imported, before any test module can import Qt or read a setting;
child processes inherit it.
"""

import atexit
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

THREADS_END_WITHIN_S = 15.0
"""How long a test's threads may take to end after it."""


settings.register_profile(
    "project",
    deadline=None,  # how long one example takes says more about the machine than about the code
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),  # there the same examples each time; here new ones
)
settings.load_profile("project")


def _cache_folder() -> str:
    """Where the private Asterisk is kept: the one thing tests share with the outside."""
    given = os.environ.get("LINKUS_CACHE")
    return given or str(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "linkus")


def _isolate() -> None:
    cache = _cache_folder()
    home = Path(tempfile.mkdtemp(prefix="linkus-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith(("LINKUS_", "PULSE_", "QT_", "PG"))]:
        del os.environ[name]
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        os.environ.pop(name, None)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700)
        os.environ[name] = str(folder)
    os.environ["LINKUS_CACHE"] = cache
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # For clients that tests start as processes of their own; in this process see `memory_keyring`.
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


_isolate()


@pytest.fixture(scope="session")
def memory_keyring_class() -> type:
    """A keyring back end that keeps passwords in memory."""
    from keyring.backend import KeyringBackend
    from keyring.errors import PasswordDeleteError

    class MemoryKeyring(KeyringBackend):
        """Passwords by service and user name; forgotten with the object."""

        priority = 1

        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.passwords: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            return self.passwords.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.passwords[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            if (service, username) not in self.passwords:
                raise PasswordDeleteError(f"no password of {username!r} for {service!r}")
            del self.passwords[service, username]

    return MemoryKeyring


@pytest.fixture(autouse=True)
def memory_keyring(memory_keyring_class: type) -> Iterator[object]:
    """An empty keyring for each test; the developer's own is never touched."""
    import keyring

    before = keyring.get_keyring()
    fresh = memory_keyring_class()
    keyring.set_keyring(fresh)
    yield fresh
    keyring.set_keyring(before)


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread behind; those of wider fixtures were there before it."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + THREADS_END_WITHIN_S
    for thread in set(threading.enumerate()) - before:
        # A thread that Python did not start (Qt's, PJSIP's) is a dummy that has no end to wait for.
        if not isinstance(thread, threading._DummyThread):
            thread.join(max(0.0, deadline - time.monotonic()))
    left = [
        thread.name
        for thread in set(threading.enumerate()) - before
        if not isinstance(thread, threading._DummyThread) and thread.is_alive()
    ]
    assert not left, f"threads left behind: {', '.join(left)}"
