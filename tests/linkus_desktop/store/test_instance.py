"""One program per data folder."""

import socket
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from linkus_desktop.store.instance import Claim, SingleInstance

HOSTILE = (
    b"\n",
    b"not json\n",
    b'["open"]\n',
    b'{"open": 5}\n',
    b'{"shut": ""}\n',
    b"\xff\xfe\n",
    b"x" * 40_000,
)


def test_a_second_start_raises_the_window_of_the_first(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.claim() is Claim.OURS
    with qtbot.waitSignal(first.raise_requested), qtbot.assertNotEmitted(first.link_requested):
        assert second.claim() is Claim.HANDED_OVER
    first.release()
    assert second.claim() is Claim.OURS, "the folder is free again"
    second.release()


def test_a_link_to_a_running_program_is_not_lost_SIP_2(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    first.claim()
    with (
        qtbot.waitSignal(first.link_requested) as opened,
        qtbot.assertNotEmitted(first.raise_requested),
    ):
        assert second.claim("tel:+420-530;ext=5\nž") is Claim.HANDED_OVER
    assert opened.args == ["tel:+420-530;ext=5\nž"]
    first.release()


def test_a_program_that_is_about_to_end_leaves_the_folder_to_the_second_SIP_2(
    qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    first.claim()
    first._server.close()  # it listens no more, and has the lock for another moment
    QTimer.singleShot(150, first.release)
    assert second.claim("tel:1002") is Claim.OURS
    second.release()


def test_a_program_that_does_not_answer_is_told_apart_SIP_2(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path, answer_ms=200)
    first.claim()
    name = first._server.fullServerName()
    first._server.close()
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(name)
        deaf.listen()
        assert second.claim("tel:1002") is Claim.NO_ANSWER
    first.release()


def test_other_folders_are_others_business(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = SingleInstance(tmp_path / "a"), SingleInstance(tmp_path / "b")
    assert first.claim() is Claim.OURS
    assert second.claim() is Claim.OURS
    first.release()
    second.release()


def test_nonsense_on_the_socket_harms_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    first.claim()
    for nonsense in HOSTILE:
        visitor = QLocalSocket()
        visitor.connectToServer(first._server.fullServerName())
        visitor.write(nonsense)
        with qtbot.assertNotEmitted(first.raise_requested), qtbot.waitSignal(visitor.disconnected):
            visitor.flush()
    with qtbot.waitSignal(first.raise_requested):
        assert second.claim() is Claim.HANDED_OVER
    first.release()


def test_a_crashed_program_leaves_the_folder_free(qtbot: QtBot, tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import os, sys; from pathlib import Path; from PySide6.QtCore import QCoreApplication;"
        "from linkus_desktop.store.instance import Claim, SingleInstance;"
        "app = QCoreApplication([]);"
        "assert SingleInstance(Path(sys.argv[1])).claim() is Claim.OURS; os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    second = SingleInstance(tmp_path)
    assert second.claim() is Claim.OURS
    second.release()
