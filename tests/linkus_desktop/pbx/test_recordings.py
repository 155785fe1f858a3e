"""SIP-5, LOG-1: a phone finds its call on the server, and the sound of a recording comes part by part."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from linkus_desktop.pbx import recordings as module
from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.pbx.recordings import OwnCalls, OwnRecordings
from server.contract.events import Topic
from server.contract.own_calls import OwnCall, OwnCallState
from server.contract.recording import CallRecording, Recording, RecordingAction, RecordingState

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)


class Api:
    """The server's side."""

    def __init__(self, sound: bytes = b"") -> None:
        self.sound = sound
        self.asked: list[tuple[int, int]] = []

    async def record(self, call_id: str, action: RecordingAction) -> CallRecording:
        raise AssertionError(f"nobody wants to {action} {call_id}")

    async def recording_part(self, recording_id: str, start: int, size: int) -> bytes:
        self.asked.append((start, size))
        return self.sound[start : start + size]

    async def delete_recordings(self, ids: Iterable[str]) -> None:
        raise AssertionError(f"nobody wants to delete {ids}")


def own_call(call_id: str, number: str = "1002", *sip: str) -> OwnCall:
    return OwnCall(
        id=call_id, number=number, name="", since=NOW, sip_call_ids=list(sip), recording=CallRecording()
    )


def recording(size: int) -> Recording:
    return Recording(
        id="a" * 32,
        caller="1001",
        caller_name="",
        callee="1002",
        callee_name="",
        owners=["1001"],
        state=RecordingState.FINISHED,
        started_at=NOW,
        size=size,
    )


@pytest.fixture
def topic(qapp) -> LiveTopic[OwnCall]:
    return LiveTopic(Topic.CALLS, OwnCall)


def found(topic: LiveTopic[OwnCall], sip: str, number: str = "1002") -> str | None:
    call = OwnCalls(topic, Api()).find(sip, number)
    return call.id if call else None


def test_a_call_is_found_by_its_call_id_whatever_the_number_SIP_5(topic: LiveTopic[OwnCall]) -> None:
    one, other = own_call("one", "1002", "x@a"), own_call("other", "1002", "y@a", "z@a")
    topic.take_snapshot({"one": one, "other": other})
    assert found(topic, "z@a") == "other"
    assert found(topic, "x@a", "anonymous") == "one"
    assert found(topic, "of nobody") is None, "a call of another phone of this extension is not ours"


def test_after_a_transfer_the_call_that_goes_on_is_found_not_the_one_that_has_ended_SIP_5(
    topic: LiveTopic[OwnCall],
) -> None:
    """Both are told of for a few seconds, with the Call-ID of the same leg."""
    ended = own_call("one", "1002", "x@a").model_copy(update={"state": OwnCallState.ENDED})
    topic.take_snapshot({"one": ended, "other": own_call("other", "1003", "x@a")})
    assert found(topic, "x@a") == "other"
    topic.take_snapshot({"one": ended})
    assert found(topic, "x@a") == "one", "what its phone has to tell of it comes after the end"


def test_without_call_ids_only_a_number_that_is_there_once_will_do_SIP_5(topic: LiveTopic[OwnCall]) -> None:
    topic.take_snapshot({"one": own_call("one", "1002"), "other": own_call("other", "1003")})
    assert found(topic, "x@a", "1002") == "one"
    topic.take_snapshot({"one": own_call("one", "1002"), "other": own_call("other", "1002")})
    assert found(topic, "x@a", "1002") is None


def test_nothing_old_is_claimed_after_the_connection_was_lost_KEY_5(
    topic: LiveTopic[OwnCall],
) -> None:
    topic.take_snapshot({"one": own_call("one", "1002", "x@a")})
    topic.forget()
    assert found(topic, "x@a") is None


@pytest.mark.parametrize(("size", "asked"), [(25, [0, 10, 20]), (20, [0, 10]), (0, [])])
async def test_the_sound_comes_in_parts_LOG_1(
    qapp, monkeypatch: pytest.MonkeyPatch, size: int, asked: list[int]
) -> None:
    monkeypatch.setattr(module, "PART", 10)
    api = Api(bytes(range(size)))
    own = OwnRecordings(LiveTopic(Topic.RECORDINGS, Recording), api)
    parts = [part async for part in own.parts(recording(size))]
    assert b"".join(parts) == bytes(range(size))
    assert [start for start, _ in api.asked] == asked


async def test_a_file_that_is_shorter_than_was_told_ends_LOG_1(qapp) -> None:
    own = OwnRecordings(LiveTopic(Topic.RECORDINGS, Recording), Api(b"short"))
    assert [part async for part in own.parts(recording(100))] == [b"short"]


def test_without_the_permission_nothing_is_shown_LOG_1(qapp) -> None:
    topic: LiveTopic[Recording] = LiveTopic(Topic.RECORDINGS, Recording)
    own = OwnRecordings(topic, Api())
    one = recording(5)
    topic.take_snapshot({one.id: one})
    assert own.of_call(one.id) is None
    own.set_permissions(["recording.listen"])
    assert own.of_call(one.id) == one
    assert (own.may_listen, own.may_delete) == (True, False)
    own.hide(one.id)
    assert own.of_call(one.id) is None
    own.unhide(one.id)
    assert own.of_call(one.id) == one
