"""KEY-3, KEY-5: when a mirror of the server's topics says that something has changed."""

from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from linkus_desktop.pbx import live
from linkus_desktop.pbx.live import LiveTopic
from server.contract.events import Topic
from server.contract.extensions import ExtensionState
from tests.linkus_desktop.pbx.fake_pbx import extension_state

AGES_MS = 3_600_000


@pytest.fixture
def topic(qapp: Any) -> LiveTopic[ExtensionState]:
    topic = LiveTopic(Topic.EXTENSIONS, ExtensionState)
    topic.take_snapshot({str(number): extension_state(str(number)) for number in range(1000, 1100)}, seq=1)
    return topic


@pytest.fixture
def signalled(topic: LiveTopic[ExtensionState]) -> list[frozenset[str]]:
    signalled: list[frozenset[str]] = []
    topic.changed.connect(signalled.append)
    return signalled


def change(topic: LiveTopic[ExtensionState], *numbers: str, call: str = "talking") -> None:
    for number in numbers:
        assert topic.take_delta(number, extension_state(number, call=call))


def test_the_first_change_after_a_pause_does_not_wait_for_a_frame_KEY_3(
    topic: LiveTopic[ExtensionState],
    signalled: list[frozenset[str]],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "FRAME_MS", AGES_MS)
    change(topic, "1001")
    qtbot.waitUntil(lambda: signalled == [{"1001"}], timeout=60_000)


def test_what_comes_together_is_signalled_once_KEY_3(
    topic: LiveTopic[ExtensionState], signalled: list[frozenset[str]], qtbot: QtBot
) -> None:
    change(topic, "1001", "1002", "1001")
    assert signalled == [], "a message may have more of them"
    qtbot.waitUntil(lambda: bool(signalled), timeout=60_000)
    assert signalled == [{"1001", "1002"}]


def test_what_follows_within_a_frame_is_gathered_until_its_end_KEY_3(
    topic: LiveTopic[ExtensionState],
    signalled: list[frozenset[str]],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "FRAME_MS", AGES_MS)
    change(topic, "1001")
    qtbot.waitUntil(lambda: bool(signalled), timeout=60_000)
    for number in range(1002, 1050):
        change(topic, str(number))
        QCoreApplication.processEvents()
    assert len(signalled) == 1, "the frame has not ended"
    topic.flush()
    assert [len(keys) for keys in signalled] == [1, 48]


def test_a_frame_ends_by_itself_and_after_a_quiet_one_nothing_waits_KEY_3(
    topic: LiveTopic[ExtensionState],
    signalled: list[frozenset[str]],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "FRAME_MS", 50)
    change(topic, "1001")
    qtbot.waitUntil(lambda: len(signalled) == 1, timeout=60_000)
    change(topic, "1002", "1003")
    qtbot.waitUntil(lambda: len(signalled) == 2, timeout=60_000)
    assert signalled[1] == {"1002", "1003"}
    qtbot.waitUntil(lambda: not topic._frame.isActive(), timeout=60_000)
    monkeypatch.setattr(live, "FRAME_MS", AGES_MS)
    change(topic, "1004")
    qtbot.waitUntil(lambda: len(signalled) == 3, timeout=60_000)


def test_what_was_gathered_is_signalled_before_all_of_it_is_unknown_KEY_5(
    topic: LiveTopic[ExtensionState],
    signalled: list[frozenset[str]],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "FRAME_MS", AGES_MS)
    change(topic, "1001")
    qtbot.waitUntil(lambda: bool(signalled), timeout=60_000)
    change(topic, "1002")
    known: list[int] = []
    topic.became_unknown.connect(lambda: known.append(len(signalled)))
    topic.forget()
    assert (signalled[1:], known) == ([{"1002"}], [2])
    topic.take_snapshot({"1001": extension_state("1001")}, seq=7)
    change(topic, "1001", call="ringing")
    qtbot.waitUntil(lambda: len(signalled) == 3, timeout=60_000)
