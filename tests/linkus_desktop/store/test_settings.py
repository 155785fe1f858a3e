"""Settings: typed, saved as they change, and never a reason not to start."""

import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from linkus_desktop.store.database import SCHEMA, LocalDatabase
from linkus_desktop.store.known_servers import KnownServers
from linkus_desktop.store.settings import LastLogin, Settings


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], LocalDatabase]]:
    """Opens the same file, as each start of the program does."""
    opened: list[LocalDatabase] = []

    def open_() -> LocalDatabase:
        opened.append(LocalDatabase(tmp_path / "client.db"))
        return opened[-1]

    yield open_
    for database in opened:
        database.close()


def test_what_was_set_is_there_at_the_next_start(open_store: Callable[[], LocalDatabase]) -> None:
    database = open_store()
    settings = Settings(database)
    settings.theme = "dark"
    settings.microphone = b"\x00usb"
    settings.last_login = LastLogin("pbx:8112", "", "1001")
    settings.auto_login = True
    settings.ring_callers = (("+420 530", "soft"), ("1002", "urgent"))
    settings.set_view("main.whole", b"\x01\x02")
    database.close()
    again = Settings(open_store())
    assert (again.theme, again.microphone, again.speaker) == ("dark", b"\x00usb", None)
    assert again.last_login == LastLogin("pbx:8112", "", "1001")
    assert again.auto_login
    assert again.ring_callers == (("+420 530", "soft"), ("1002", "urgent"))
    assert again.view("main.whole") == b"\x01\x02"
    assert again.view("main.compact") is None


def test_a_change_is_told_once(qtbot: QtBot) -> None:
    settings = Settings()
    with qtbot.waitSignal(settings.changed) as changed:
        settings.theme = "light"
    assert changed.args == ["theme"]
    with qtbot.assertNotEmitted(settings.changed):
        settings.theme = "light"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("ring_callers", (("1002",),)),
        ("ring_callers", (("1002", 5),)),
        ("ring_callers", (("1", "soft"),) * 51),
        ("ring_callers", "1002"),
        ("remember", "yes"),
        ("remember", 1),
        ("microphone", "usb"),
        ("last_login", LastLogin(user="a\nb")),
        ("last_login", ("pbx", "", "1001")),
    ],
)
def test_what_is_not_allowed_is_refused(qapp: Any, name: str, value: Any) -> None:
    settings = Settings()
    with pytest.raises(ValueError, match="is not"):
        setattr(settings, name, value)
    assert settings.value(name) == getattr(Settings, name).default


@pytest.mark.parametrize("text", ['"pink"', "{", "null", '["dark"]'])
def test_a_saved_value_that_is_not_allowed_counts_as_not_set(
    open_store: Callable[[], LocalDatabase], text: str
) -> None:
    database = open_store()
    database.write("INSERT INTO setting VALUES ('theme', ?)", (text,))
    database.write("INSERT INTO setting VALUES ('of_a_newer_version', '1')")
    database.close()
    assert Settings(open_store()).theme == "system"


@pytest.mark.parametrize(
    "damage", [b"not a database at all, but long enough" * 50, b"SQLite format 3\x00" + b"\xff" * 4080]
)
def test_a_damaged_file_is_kept_aside_and_told(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "client.db"
    path.write_bytes(damage)
    database = LocalDatabase(path)
    (aside,) = tmp_path.glob("client.db.damaged-*")
    assert aside.read_bytes() == damage
    assert aside.name in database.problem
    Settings(database).theme = "dark"
    database.close()
    again = LocalDatabase(path)
    assert again.problem == ""
    assert Settings(again).theme == "dark"
    again.close()


def test_a_file_of_a_newer_version_is_not_touched_further(tmp_path: Path) -> None:
    path = tmp_path / "client.db"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(SCHEMA) + 1}")
    connection.close()
    database = LocalDatabase(path)
    assert "newer version" in database.problem
    assert list(tmp_path.glob("client.db.damaged-*"))
    database.close()


def test_a_folder_that_cannot_hold_a_file_is_no_reason_not_to_start(tmp_path: Path) -> None:
    database = LocalDatabase(tmp_path / "missing" / "client.db")
    assert "Check the permissions" in database.problem
    settings = Settings(database)
    settings.theme = "dark"
    assert settings.theme == "dark"
    database.close()


def test_a_change_is_on_disk_soon_and_not_only_at_the_end(
    open_store: Callable[[], LocalDatabase], tmp_path: Path
) -> None:
    """Killed with -9 right after, the program has lost nothing."""
    database = open_store()
    Settings(database).theme = "dark"
    database.flush()
    with sqlite3.connect(tmp_path / "client.db") as other:
        assert other.execute("SELECT value FROM setting WHERE name = 'theme'").fetchall() == [('"dark"',)]
    other.close()


def test_a_full_disk_is_told_and_the_value_kept(open_store: Callable[[], LocalDatabase]) -> None:
    database = open_store()
    database.read("PRAGMA max_page_count = 1")
    settings = Settings(database)
    settings.set_view("big", b"\x00" * 100_000)
    database.flush()
    assert "free space" in database.problem
    assert settings.view("big") == b"\x00" * 100_000


def test_only_the_owner_can_read_the_file(open_store: Callable[[], LocalDatabase], tmp_path: Path) -> None:
    open_store()
    assert stat.S_IMODE((tmp_path / "client.db").stat().st_mode) == 0o600


def test_known_servers_are_remembered_by_host_and_port(open_store: Callable[[], LocalDatabase]) -> None:
    database = open_store()
    known = KnownServers(database)
    known.remember("pbx", 8111, "AA")
    known.remember("pbx", 8112, "BB")
    known.remember("pbx", 8111, "CC")
    known.forget("pbx", 8112)
    known.forget("other", 1)
    database.close()
    again = KnownServers(open_store())
    assert again.fingerprint("pbx", 8111) == "CC"
    assert again.fingerprint("pbx", 8112) is None
