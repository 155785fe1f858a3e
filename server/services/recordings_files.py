"""The files of recordings that have ended: in the data folder, for its owner only."""

import errno
import shutil
from contextlib import suppress
from pathlib import Path

from server.switch.recording import wav_seconds

FOLDER = "recordings"


class RecordingFiles:
    """WAV files by the id of their recording. Nothing is awaited: on one disk a file is only renamed."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def prepare(self) -> None:
        """Make the folder now: on a full disk that would be too late. Not being able to is told later."""
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)

    def path(self, recording_id: str) -> Path:
        """Where the file is, if there is one."""
        return self._folder / f"{recording_id}.wav"

    def exists(self, recording_id: str) -> bool:
        """Whether there is one."""
        return self.path(recording_id).is_file()

    def measure(self, recording_id: str) -> tuple[float, int] | None:
        """Length in seconds and size in bytes of one that is there, and whole."""
        path = self.path(recording_id)
        try:
            return wav_seconds(path), path.stat().st_size
        except (OSError, ValueError):
            return None

    def take(self, recording_id: str, made: Path) -> int:
        """Take over a file that the engine has made; its size in bytes. Raises `OSError`."""
        self.prepare()
        made.chmod(0o600)
        kept = self.path(recording_id)
        try:
            made.replace(kept)
        except OSError as error:
            if error.errno != errno.EXDEV:  # the engine's folder is on another disk
                raise
            shutil.copyfile(made, kept)
            kept.chmod(0o600)
            made.unlink()
        return kept.stat().st_size

    def remove(self, recording_id: str) -> None:
        """Remove the file; none is fine."""
        self.path(recording_id).unlink(missing_ok=True)
