"""Recordings are stored, found, deleted and kept as long as the settings say (SIP-5, LOG-1, ADMIN-4)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from server.contract.events import Topic
from server.contract.extensions import ExtensionCreate, Role
from server.contract.recording import RecordingPermission, RecordingState
from server.core import Core
from server.services import recordings as service
from server.services.accounts import Who
from server.services.errors import ServiceError
from server.services.hub import Hub
from server.services.recordings import Recordings
from server.services.recordings_files import RecordingFiles
from server.services.recordings_store import RecordingStore
from tests.server.recorded import kept, recording

ALL = frozenset(RecordingPermission)


def make(core: Core, *, keep_days: int = 0, may: frozenset[RecordingPermission] = ALL) -> Recordings:
    return Recordings(
        store=RecordingStore(core.db),
        files=RecordingFiles(core.settings.data),
        hub=Hub(),
        clock=core.clock,
        extensions=core.extensions,
        permissions=lambda _: may,
        keep_days=keep_days,
    )


@pytest.fixture
async def recordings(core: Core) -> AsyncIterator[Recordings]:
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    made = make(core)
    made.start()
    yield made
    await made.stop()


async def seen_by(recordings: Recordings, number: str) -> set[str]:
    who = Who(1, number, number, Role.USER, "s")
    return set(await recordings._hub.snapshot(who, Topic.RECORDINGS))


async def test_the_file_is_its_owners_alone_and_in_the_data_folder_LOG_1(
    core: Core, recordings: Recordings, tmp_path: Path
) -> None:
    one = await kept(recordings, recording(core.clock, "1001"), tmp_path)
    path = await recordings.file(one.id, owner="1001")
    assert path.parent.parent == core.settings.data
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert one.size == path.stat().st_size > 48_000
    assert not (tmp_path / f"made-{one.id}.wav").exists(), "it was moved"


async def test_owners_find_their_own_by_text_and_page_LOG_1(
    core: Core, recordings: Recordings, tmp_path: Path
) -> None:
    made = [
        await kept(recordings, recording(core.clock, "1001", days_ago=day, caller=f"77{day}"), tmp_path)
        for day in range(4)
    ]
    other = await kept(recordings, recording(core.clock, "1002"), tmp_path)
    ids = [one.id for one in made]
    assert [one.id for one in await recordings.find(owner="1001")] == ids
    assert [one.id for one in await recordings.find(owner="1001", before=ids[1], limit=1)] == [ids[2]]
    assert [one.id for one in await recordings.find(owner="1001", text="773")] == [ids[3]]
    assert [one.id for one in await recordings.find(text="boris 50%", owner="1002")] == [other.id]
    assert await recordings.find(text="%5") == [], "what means something to the database is only text"
    assert len(await recordings.find()) == 5


async def test_one_under_way_is_listed_for_administrators_and_not_touched_LOG_1(
    core: Core, recordings: Recordings, tmp_path: Path
) -> None:
    under_way = recording(core.clock, "1001", state=RecordingState.RECORDING, ended_at=None)
    recordings.write(under_way)
    await recordings._background.join()
    assert [one.id for one in await recordings.find()] == [under_way.id]
    assert await recordings.find(owner="1001") == []
    assert [one.id for one in await recordings.open()] == [under_way.id]
    assert await recordings.delete("1001", None) == 0
    for refused in (recordings.remove(under_way.id), recordings.file(under_way.id)):
        with pytest.raises(ServiceError, match="recorded"):
            await refused


async def test_a_shared_one_stays_for_the_other_owner_LOG_1(
    core: Core, recordings: Recordings, tmp_path: Path
) -> None:
    shared = await kept(recordings, recording(core.clock, "1001", "1002"), tmp_path)
    own = await kept(recordings, recording(core.clock, "1001"), tmp_path)
    path = await recordings.file(own.id)
    assert await recordings.delete("1001", ["0" * 32]) == 0
    assert await recordings.delete("1001", None) == 2
    assert not path.exists(), "nobody owns it any more"
    assert await seen_by(recordings, "1001") == set()
    assert await seen_by(recordings, "1002") == {shared.id}
    assert (await recordings.file(shared.id, owner="1002")).exists()
    with pytest.raises(ServiceError, match="no recording"):
        await recordings.get(shared.id, owner="1001")


async def test_whoever_gets_the_number_next_hears_nothing_LOG_1(
    core: Core, recordings: Recordings, tmp_path: Path
) -> None:
    one = await kept(recordings, recording(core.clock, "1001"), tmp_path)
    await core.extensions.remove("1001", by="test")
    await recordings._background.join()
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    assert await seen_by(recordings, "1001") == set()
    assert (await recordings.get(one.id)).owners == [], "administrators still have it"


async def test_without_the_permission_nothing_is_shown_LOG_1(core: Core, tmp_path: Path) -> None:
    recordings = make(core, may=ALL - {RecordingPermission.LISTEN})
    await kept(recordings, recording(core.clock, "1001"), tmp_path)
    assert await seen_by(recordings, "1001") == set()
    with pytest.raises(ServiceError, match="may not listen"):
        recordings.check("1001", RecordingPermission.LISTEN)
    recordings.check("1001", RecordingPermission.DELETE)


async def test_old_ones_go_after_the_days_of_the_settings_and_else_never_ADMIN_4(
    core: Core, tmp_path: Path
) -> None:
    recordings = make(core, keep_days=30)
    old = await kept(recordings, recording(core.clock, "1001", days_ago=31), tmp_path)
    young = await kept(recordings, recording(core.clock, "1001", days_ago=29), tmp_path)
    path = await recordings.file(old.id)
    assert await make(core).sweep() == 0
    assert await recordings.sweep() == 1
    assert not path.exists()
    assert [one.id for one in await recordings.find()] == [young.id]


async def test_a_database_that_is_away_loses_nothing_LOG_1(
    core: Core, recordings: Recordings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "RETRY_S", 0.001)
    save, tries = recordings._store.save, []

    async def failing(batch: Any) -> None:
        tries.append(batch)
        if len(tries) < 3:
            raise OperationalError("save", {}, Exception("database is locked"))
        await save(batch)

    monkeypatch.setattr(recordings._store, "save", failing)
    one = await kept(recordings, recording(core.clock, "1001"), tmp_path)
    assert one.seconds == 3
    assert len(tries) == 3


async def test_a_file_that_was_taken_over_before_the_kill_is_listed_SIP_5(
    core: Core, recordings: Recordings, tmp_path: Path
) -> None:
    one = await kept(recordings, recording(core.clock, "1001"), tmp_path)
    await recordings._store.remove([one.id])
    ended = core.clock.now() + timedelta(seconds=1)
    found = recordings.recover(one.model_copy(update={"seconds": 0.0, "ended_at": ended}))
    await recordings._background.join()
    assert found is not None
    assert (found.seconds, found.size) == (3.0, one.size)
    assert (await recordings.get(one.id)).seconds == 3.0
    lost = recording(core.clock, "1001")
    assert recordings.recover(lost) is None
