"""Recordings for tests of what is beside calls."""

import uuid
from datetime import timedelta
from pathlib import Path

from server.clock import Clock
from server.contract.recording import Recording, RecordingState
from server.services.recordings import Recordings
from tests.phones.sound import tone, write_wav


def recording(clock: Clock, *owners: str, days_ago: float = 0.0, **more: object) -> Recording:
    """A recording of three seconds of a call of 1001 to 1002."""
    ended = clock.now() - timedelta(days=days_ago)
    facts: dict[str, object] = {
        "id": uuid.uuid4().hex,
        "caller": "1001",
        "caller_name": "Anna",
        "callee": "1002",
        "callee_name": "Boris 50%",
        "owners": sorted(owners),
        "rule": "",
        "state": RecordingState.FINISHED,
        "started_at": ended - timedelta(seconds=3),
        "ended_at": ended,
        "seconds": 3.0,
        "size": 0,
    }
    return Recording.model_validate(facts | more)


async def kept(recordings: Recordings, made: Recording, folder: Path) -> Recording:
    """This recording as it is stored, with a sound."""
    path = folder / f"made-{made.id}.wav"
    write_wav(path, tone(440, ms=3000))
    recordings.keep(made, path)
    await recordings._background.join()
    return await recordings.get(made.id)
