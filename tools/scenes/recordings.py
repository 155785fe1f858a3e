"""Recordings in the call log, with their player."""

import io
import wave
from collections.abc import Callable, Iterable

import fakes

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.ui.call_log.player import RecordingPlayer
from linkus_desktop.ui.window_size import WHOLE_LEAST
from server.contract.calls import CallLogEntry
from tools.scenes.desk import LONG, Desk, Scene

RECORDED = [fakes.CALLS[i] for i in (1, 2, 6)]


def sound(seconds: float) -> bytes:
    """Silence, as a WAV file."""
    octets = io.BytesIO()
    with wave.open(octets, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * int(8000 * seconds)))
    return octets.getvalue()


def log(
    calls: Iterable[CallLogEntry] = fakes.CALLS,
    recorded: Iterable[CallLogEntry] = RECORDED,
    state: str = "finished",
) -> Desk:
    """The call log of somebody who may listen and delete; the first recording is chosen."""
    desk = Desk(world=fakes.World(fakes.COMPANY, calls))
    recorded = list(recorded)
    desk.world.permit("listen", "delete")
    desk.world.tell_recorded(*recorded, state=state, sound=sound(recorded[0].talk_s) if recorded else b"")
    desk.window.open_room("call_log")
    if recorded:
        choose(desk, recorded[0])
    return desk


def choose(desk: Desk, entry: CallLogEntry) -> None:
    """Select a call."""
    rows = desk.room.rows  # type: ignore[attr-defined]
    row = next(i for i in range(rows.rowCount()) if rows.entry(rows.index(i, 0)).id == entry.id)
    desk.room.table.selectRow(row)  # type: ignore[attr-defined]


def player(desk: Desk) -> RecordingPlayer:
    """The player below the log."""
    return desk.room.player  # type: ignore[attr-defined,no-any-return]


def chosen() -> Scene:
    """A recorded call, at a place in the middle."""
    desk = log()
    player(desk).slider.setValue(96_000)
    player(desk)._show_time(96)
    return desk.scene()


def not_fetched() -> Scene:
    """The server was away when the recording was wanted."""
    desk = log()
    desk.world.session.api.problem = NotConnected("It does not answer.")
    return desk.scene(player(desk).toggle)


def saved() -> Scene:
    """Written to a file."""
    desk = log(state="disk_full")
    player(desk).note.setText("Saved as /home/anna/Documents/2026-03-12 13-42 Ben Carter.wav")
    return desk.scene()


def long_names() -> Scene:
    """Everything is long."""
    entry = fakes.logged_call("+420530335533", LONG, talk=fakes.timedelta(hours=2, seconds=11))
    desk = log([entry, *fakes.CALLS], [entry, *RECORDED], "interrupted")
    return desk.scene()


def smallest() -> Scene:
    """A recording that ended early, in the smallest window, beside a call."""
    desk = log(state="disk_full")
    desk.call()
    desk.window.resize(WHOLE_LEAST)
    return desk.scene()


SCENES: dict[str, Callable[[], Scene]] = {
    "main-recordings": chosen,
    "main-recordings-error": not_fetched,
    "main-recordings-saved": saved,
    "main-recordings-smallest": smallest,
    "main-recordings-none": lambda: log(recorded=()).scene(),
    "main-recordings-long-names": long_names,
    "main-call-log-empty": lambda: log((), ()).scene(),
}
DOUBLED = {"main-recordings"}
