"""One program per data folder."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from linkus_desktop.store import peer
from linkus_desktop.store.instance import Claim, NoAnswer, NotRunning, SingleInstance

HOSTILE = (
    b"\n",
    b"not json\n",
    b'["open"]\n',
    b'{"open": 5}\n',
    b'{"shut": ""}\n',
    b'{"open": "tel:1", "order": "call"}\n'[:-3] + b"\n",
    b'{"order": "call"}\n',
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


def test_an_order_is_answered_by_the_program_that_runs(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    first.claim()
    first.serve = lambda message: {
        "code": 0,
        "text": f"did {message['order']}",
        "data": {"long": "x" * 90_000},
    }
    with qtbot.assertNotEmitted(first.raise_requested):
        answer = second.ask({"order": "hold"})
    assert answer["text"] == "did hold"
    assert len(answer["data"]["long"]) == 90_000
    first.release()


def test_an_order_that_is_refused_is_no_answer(qtbot: QtBot, tmp_path: Path) -> None:
    def refuse(message: object) -> dict[str, object]:
        raise ValueError(message)

    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path, answer_ms=300)
    first.claim()
    first.serve = refuse
    with pytest.raises(NoAnswer):
        second.ask({"order": "fly"})
    first.release()


def test_no_program_is_told_at_once_and_the_folder_stays_free(qtbot: QtBot, tmp_path: Path) -> None:
    asking, starting = SingleInstance(tmp_path), SingleInstance(tmp_path)
    with pytest.raises(NotRunning):
        asking.ask({"order": "hold"})
    assert starting.claim() is Claim.OURS
    starting.release()


def test_a_deaf_program_is_told_apart_from_none(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path, answer_ms=200)
    first.claim()
    first._server.close()
    with pytest.raises(NoAnswer):
        second.ask({"order": "hold"})
    first.release()


def test_only_the_same_user_may_give_orders(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each end asks the system who is at the other one, whatever the socket's access rights are."""
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path, answer_ms=300)
    first.claim()
    orders: list[object] = []
    first.serve = lambda message: orders.append(message) or {}
    user = os.geteuid()
    monkeypatch.setattr(peer.os, "geteuid", lambda: user + 1)
    with pytest.raises(NoAnswer):
        second.ask({"order": "hold"})
    assert second.claim("tel:1002") is Claim.NO_ANSWER
    assert orders == []
    monkeypatch.undo()
    second.ask({"order": "hold"})
    assert len(orders) == 1
    first.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_process_is_turned_away(qtbot: QtBot, tmp_path: Path) -> None:
    """A real process of another user, and even where the access rights would let it in."""
    first = SingleInstance(tmp_path)
    first.claim()
    orders: list[object] = []
    first.serve = lambda message: orders.append(message) or {}
    name = first._server.fullServerName()
    code = (
        "import socket, sys; s = socket.socket(socket.AF_UNIX)\n"
        'try: s.connect(sys.argv[1]); s.sendall(b\'{\\"order\\": \\"hold\\"}\\n\'); s.recv(10)\n'
        "except PermissionError: sys.exit(77)\n"
        "except OSError: pass"
    )

    def visit() -> int:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", code, name], user=65534, stderr=subprocess.DEVNULL
        )
        qtbot.waitUntil(lambda: process.poll() is not None, timeout=20_000)
        return process.returncode

    assert visit() == 77, "the socket is the user's only"
    Path(name).chmod(0o777)
    assert visit() == 0, "it came in, and was shown the door"
    assert orders == []
    first.release()
