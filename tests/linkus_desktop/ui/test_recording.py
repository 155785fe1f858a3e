"""SIP-5, LOG-1 in the window: recording a call, seeing that it is recorded, and hearing the recording."""

import io
import wave

import numpy as np
import pytest
from fakes import CALLS, FakeCall, World
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QFileDialog

from linkus_desktop.pbx.call_log import CallLogColumn
from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.call_log.player import file_name
from linkus_desktop.ui.recording_words import REASONS
from server.contract.recording import RecordingAction, RecordingRefusal

pytestmark = pytest.mark.qt_log_ignore("does not support raise")

CTRL = Qt.KeyboardModifier.ControlModifier
AWAY = NotConnected("The server cannot be reached.")
RECORDED = CALLS[1]
"""Ben Carter, 4:14 minutes."""


def wav(seconds: float) -> bytes:
    octets = io.BytesIO()
    with wave.open(octets, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.zeros(int(8000 * seconds), "<i2").tobytes())
    return octets.getvalue()


SOUND = wav(RECORDED.talk_s)


@pytest.fixture
def call(window, world):
    """A call with Ben."""
    return world.phone.add(FakeCall("1002", "Ben Carter", CallState.ACTIVE))


@pytest.fixture
def log(window, world):
    """The Call Logs room; one call in it was recorded, and is selected."""
    world.permit("listen", "delete")
    world.tell_recorded(RECORDED, sound=SOUND)
    window.open_room("call_log")
    room = window.rooms.room("call_log")
    select(room, RECORDED.id)
    return room


def select(room, entry_id: str) -> None:
    row = next(
        r for r in range(room.rows.rowCount()) if room.rows.entry(room.rows.index(r, 0)).id == entry_id
    )
    room.table.selectRow(row)


async def test_the_button_starts_pauses_and_goes_on_and_the_light_follows_SIP_5(
    window, world, call, qtbot, settle
):
    card = window.calls.card_of(call)
    shown = card.recording
    world.tell_recording(call, actions=["start"])
    assert (shown.button.text(), shown.button.isEnabled()) == ("Record", True)
    assert not shown.light.isVisible()
    for state, action, name, words in [
        ("recording", "pause", "Pause recording", "Recording"),
        ("paused", "resume", "Resume recording", "Recording paused"),
        ("recording", "pause", "Pause recording", "Recording"),
    ]:
        shown.button.click()
        assert shown.button.text().endswith("…"), "a pressed button shows at once that it works"
        await settle()
        world.tell_recording(call, state, actions=[action, "stop"])
        assert shown.button.accessibleName() == name
        assert shown.light.isVisible()
        assert shown.light.words.text() == words, "words, not colour alone"
        assert card.accessibleName().endswith(words)
    order = [RecordingAction.START, RecordingAction.PAUSE, RecordingAction.RESUME]
    assert world.session.api.orders == [(f"server-{call.id}", action) for action in order]


async def test_ctrl_r_records_the_current_call_also_from_a_text_field_SIP_5(
    window, world, call, qtbot, settle
):
    world.tell_recording(call, actions=["start"])
    window.search.setFocus()
    qtbot.keyClick(window.search, Qt.Key.Key_R, CTRL)
    await settle()
    assert world.session.api.orders == [(f"server-{call.id}", RecordingAction.START)]
    assert "Ctrl+R" in window.calls.card_of(call).recording.button.toolTip()


@pytest.mark.parametrize("refusal", list(RecordingRefusal))
def test_a_button_that_cannot_be_pressed_says_why_SIP_5(window, world, call, qtbot, refusal):
    world.tell_recording(call, refusal=refusal)
    button = window.calls.card_of(call).recording.button
    assert not button.isEnabled()
    assert button.toolTip() == button.accessibleDescription() == REASONS[refusal]
    qtbot.keyClick(window, Qt.Key.Key_R, CTRL)
    assert world.session.api.orders == []


def test_who_is_recorded_by_the_other_one_sees_it_SIP_5(window, world, call):
    world.tell_recording(call, "recording", refusal="not_yours")
    shown = window.calls.card_of(call).recording
    assert shown.light.words.text() == "Recording"
    assert not shown.button.isEnabled()


async def test_a_failure_is_told_on_the_card_and_can_be_tried_again_SIP_5(window, world, call, settle):
    world.tell_recording(call, actions=["start"])
    world.session.api.problem = AWAY
    shown = window.calls.card_of(call).recording
    shown.button.click()
    await settle()
    assert shown.message.text == str(AWAY)
    assert (shown.button.text(), shown.button.isEnabled()) == ("Record", True)
    call.hold()  # what else happens to the call does not take the message away
    assert shown.message.isVisible()
    world.session.api.problem = None
    shown.button.click()
    await settle()
    assert not shown.message.isVisible()
    assert len(world.session.api.orders) == 2


def test_while_the_server_is_away_nothing_is_claimed_KEY_5(window, world, call):
    world.tell_recording(call, "recording", actions=["pause"])
    world.session.live.calls.forget()
    shown = window.calls.card_of(call).recording
    assert not shown.light.isVisible()
    assert not shown.button.isEnabled()


def test_each_call_has_its_own_recording_even_with_one_number_SIP_5(window, world, call):
    other = world.phone.add(FakeCall("1002", "Ben Carter", CallState.HELD))
    world.tell_recording(call, actions=["start"])
    world.tell_recording(other, "recording", actions=["pause"])
    assert not window.calls.card_of(call).recording.light.isVisible()
    assert window.calls.card_of(other).recording.light.isVisible()


def test_members_of_a_conference_show_their_lights_SIP_5(window, world, call):
    other = world.phone.add(FakeCall("1003", "Chiara", CallState.HELD))
    world.tell_recording(other, "recording", actions=["pause"])
    world.phone.merge()
    lights = [row.recording.light.isVisible() for row in window.calls.conference.members]
    assert lights == [False, True]


def test_the_log_shows_what_was_recorded_only_to_who_may_listen_LOG_1(window, world):
    world.tell_recorded(RECORDED)
    window.open_room("call_log")
    room = window.rooms.room("call_log")
    assert room.table.isColumnHidden(CallLogColumn.RECORDING)
    world.permit("listen")
    assert not room.table.isColumnHidden(CallLogColumn.RECORDING)
    select(room, RECORDED.id)
    index = room.table.currentIndex()
    assert room.rows.index(index.row(), CallLogColumn.RECORDING).data() == "0:04:14"
    spoken = room.rows.index(index.row(), 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith(", recorded")
    assert room.player.isVisible()
    assert not room.player.delete.isVisible(), "that is another permission"
    select(room, CALLS[0].id)
    assert not room.player.isVisible()


def test_a_recording_that_ended_early_says_so_LOG_1(window, world):
    world.permit("listen")
    world.tell_recorded(RECORDED, state="disk_full")
    row = [e.id for e in world.call_log._entries].index(RECORDED.id)
    assert world.call_log.index(row, CallLogColumn.RECORDING).data() == "0:04:14, disk full"


async def test_a_recording_is_played_paused_and_sought_by_keys_LOG_1(window, world, log, qtbot, settle):
    player = log.player
    qtbot.keyClick(window, Qt.Key.Key_L, CTRL)
    assert player.play_button.text() == "Loading…"
    await settle()
    (heard,) = world.audio.played
    assert len(heard.pcm) >= len(SOUND) - 44
    assert player.play_button.text() == "Pause"
    player.slider.setFocus()
    player.slider.setValue(100_000)
    player._on_slider(100_000)
    assert player.time.text() == "0:01:40 / 0:04:14"
    assert len(world.audio.played[-1].pcm) < len(heard.pcm) - 2 * 8000 * 99
    qtbot.keyClick(window, Qt.Key.Key_L, CTRL)
    assert player.play_button.text() == "Play"
    select(log, CALLS[0].id)
    assert not player.isVisible()


async def test_a_call_that_comes_silences_the_player_LOG_1(window, world, log, settle):
    log.player.toggle()
    await settle()
    assert log.player.play_button.text() == "Pause"
    world.phone.add(FakeCall("1003", "Chiara", CallState.INCOMING))
    assert log.player.play_button.text() == "Play"


async def test_a_sound_that_cannot_be_fetched_or_played_is_told_LOG_1(window, world, log, settle):
    world.session.api.problem = AWAY
    log.player.toggle()
    await settle()
    assert log.player.message.text == f"The recording could not be fetched. {AWAY}"
    world.session.api.problem = None
    world.session.api.sound = b"no sound at all"
    log.player.toggle()
    await settle()
    assert log.player.message.text == "This recording is damaged."
    assert world.audio.played == []


async def test_a_recording_is_saved_for_its_owner_only_LOG_1(window, world, log, settle, tmp_path):
    target = tmp_path / "call.wav"
    log.player.save_as(target)
    await settle()
    assert target.read_bytes() == SOUND
    assert target.stat().st_mode & 0o077 == 0
    assert log.player.note.text() == f"Saved as {target}"
    log.player.save_as(tmp_path / "no such folder" / "call.wav")
    await settle()
    assert log.player.message.text.startswith("call.wav was not saved: No such file")
    assert [path.name for path in tmp_path.iterdir()] == ["call.wav"]


def test_the_name_of_a_file_is_one_that_every_system_takes_LOG_1(world):
    world.recordings.set_permissions(["recording.listen"])
    world.tell_recorded(RECORDED)
    recording = world.recordings.of_call(RECORDED.call_id)
    assert file_name(recording, 'Řehoř / "Q:?"').endswith(" Řehoř _ _Q___.wav")


def test_save_asks_where_without_blocking_the_window_LOG_1(window, log, qtbot):
    log.player.save.click()
    (dialog,) = log.player.findChildren(QFileDialog)
    assert dialog.isVisible()
    assert dialog.selectedFiles()[0].endswith("Ben Carter.wav")
    dialog.reject()


async def test_deleting_a_recording_can_be_taken_back_and_leaves_the_call_LOG_1(window, world, log, settle):
    log.player.delete.click()
    assert not log.player.isVisible()
    log.undo_bar.undo()
    assert log.player.isVisible()
    assert world.session.api.deleted_recordings == []
    log.player.delete.click()
    log.finish_deletions()
    await settle()
    assert world.session.api.deleted_recordings == [RECORDED.call_id]
    assert RECORDED.id in log.rows.ids()
    assert world.session.api.deleted == []


async def test_a_deletion_that_fails_brings_it_back_LOG_1(window, world, log, settle):
    world.session.api.problem = AWAY
    log.player.delete.click()
    log.finish_deletions()
    await settle()
    assert log.player.isVisible()
    assert window.message.text == f"The recording was not deleted. {AWAY}"


def test_the_card_fits_where_it_is_recorded_and_there_are_many_buttons(theme, qtbot):
    world = World()
    window = world.window()
    qtbot.addWidget(window)
    window.resize(880, 560)
    window.show()
    first = world.phone.add(FakeCall("1002", "Ben Carter", CallState.ACTIVE))
    world.phone.add(FakeCall("1003", "Chiara", CallState.HELD))
    world.tell_recording(first, "recording", actions=["pause"])
    buttons = window.calls.card_of(first).buttons()
    assert len(buttons) == 7

    def no_word_is_cut_off() -> None:
        for button in buttons:
            assert button.width() >= button.sizeHint().width(), button.text()

    qtbot.waitUntil(no_word_is_cut_off)


def test_the_number_stays_beside_the_light_where_there_is_room_SIP_5(window, world, call):
    window.resize(1280, 760)
    world.tell_recording(call, "recording", actions=["pause"])
    card = window.calls.card_of(call)
    assert card.recording.light.isVisible()
    assert card.number.isVisible()
    assert card.number.shown_text() == "1002"
    world.tell_recording(call, "paused", actions=["resume"])
    assert not card.number.isVisible(), "longer words, wider buttons: a whole number or none"
    window.resize(1500, 760)
    assert card.number.isVisible()


def test_the_player_says_what_is_missing_and_elides_nothing_needlessly_LOG_1(window, world):
    world.permit("listen")
    world.tell_recorded(RECORDED, state="disk_full", sound=SOUND)
    window.open_room("call_log")
    player = window.rooms.room("call_log").player
    select(window.rooms.room("call_log"), RECORDED.id)
    assert player.note.text() == "Not all of it: the server's disk was full"
    assert "disk was full" in player.accessibleName()
    for words in (player.who, player.note):
        assert words.shown_text() == words.text()


@pytest.mark.parametrize("merged", [False, True])
def test_a_card_that_has_gone_follows_the_server_no_more_SIP_5(window, world, qtbot, merged):
    calls = [world.phone.add(FakeCall(number, "", CallState.ACTIVE)) for number in ("1002", "1003")]
    if merged:
        world.phone.merge()
        kept = [row.recording for row in window.calls.conference.members]
    else:
        kept = [card.recording for card in window.calls.cards]
    assert len(kept) == 2, "whatever holds them still"
    owners = window.calls.conference.members if merged else window.calls.cards
    for owner in list(owners):
        owner.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    with qtbot.captureExceptions() as raised:
        world.tell_recording(calls[0], "recording", actions=["pause"])
    assert raised == []
