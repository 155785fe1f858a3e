"""KEY-1: own keys are shown at once as they are changed, saved behind, and never lost or overwritten."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from linkus_desktop.pbx.errors import ApiError, NotConnected
from linkus_desktop.pbx.keys import OwnKeys
from linkus_desktop.pbx.live import LiveTopic
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.events import Topic
from server.contract.keys import MAX_KEYS, FunctionKey, FunctionKeys, FunctionKeysChange


class Server:
    """Stores keys when it is told to answer."""

    def __init__(self) -> None:
        self.changes: list[FunctionKeysChange] = []
        self.waiting: list[tuple[Callable[[Any], None], Callable[[Exception], None]]] = []

    async def set_keys(self, change: FunctionKeysChange) -> FunctionKeys:
        raise AssertionError("`run` answers")

    async def check_key(self, key: FunctionKey) -> None:
        raise AssertionError("`run` answers")

    def run(self, coro: Coroutine[Any, Any, Any], *, on_done: Any, on_error: Any) -> None:
        self.changes.append(coro.cr_frame.f_locals["change"])
        coro.close()
        self.waiting.append((on_done, on_error))

    def store(self) -> None:
        done, _ = self.waiting.pop(0)
        change = self.changes[-1]
        done(FunctionKeys(revision=(change.revision or 0) + 1, keys=change.keys))

    def refuse(self, error: Exception) -> None:
        self.waiting.pop(0)[1](error)


def blf(*numbers: str) -> list[FunctionKey]:
    return [FunctionKey(type="blf", value=number) for number in numbers]


def numbers(own: OwnKeys) -> list[str]:
    return [key.value for key in own.keys]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def topic(qapp) -> LiveTopic[FunctionKeys]:
    made = LiveTopic(Topic.KEYS, FunctionKeys)
    made.take_snapshot({"keys": FunctionKeys(revision=4, keys=blf("1001", "1002", "1003"))})
    return made


@pytest.fixture
def own(topic, server) -> OwnKeys:
    return OwnKeys(topic, server, run=server.run)


@pytest.mark.parametrize(
    ("row", "to", "order", "place"),
    [
        (0, 3, ["1002", "1003", "1001"], 2),
        (2, 0, ["1003", "1001", "1002"], 0),
        (0, 2, ["1002", "1001", "1003"], 1),
        (1, 1, ["1001", "1002", "1003"], 1),
        (1, 2, ["1001", "1002", "1003"], 1),
    ],
)
def test_a_key_is_put_where_it_is_dropped_KEY_1(own, server, row, to, order, place):
    assert own.move(row, to) == place
    assert numbers(own) == order
    assert [change.revision for change in server.changes] == ([4] if place != row else [])


def test_changes_while_one_is_saved_are_saved_together_after_it_KEY_1(own, server, topic):
    own.move(0, 3)
    own.move(0, 3)
    own.add(*blf("1004"))
    assert (numbers(own), len(server.changes), own.saving) == (["1003", "1001", "1002", "1004"], 1, True)
    server.store()
    assert [[key.value for key in change.keys] for change in server.changes] == [
        ["1002", "1003", "1001"],
        ["1003", "1001", "1002", "1004"],
    ]
    assert server.changes[-1].revision == 5
    topic.take_delta("keys", FunctionKeys(revision=6, keys=server.changes[-1].keys))
    server.store()
    assert (numbers(own), own.saving, len(server.changes)) == (["1003", "1001", "1002", "1004"], False, 2)


def test_what_cannot_be_saved_is_taken_back_and_can_be_tried_again_KEY_1(own, server, qtbot):
    with qtbot.waitSignal(own.failed) as failed:
        own.replace(0, *blf("1009"))
        server.refuse(NotConnected("It does not answer."))
    assert numbers(own) == ["1001", "1002", "1003"]
    assert failed.args[1] is True
    own.try_again()
    assert numbers(own) == ["1009", "1002", "1003"]
    server.store()
    assert numbers(own) == ["1009", "1002", "1003"]


def test_a_change_of_somebody_else_is_not_overwritten_KEY_1(own, server, topic, qtbot):
    own.add(*blf("1004"))
    topic.take_delta("keys", FunctionKeys(revision=5, keys=blf("2001")))
    topic.flush()
    assert numbers(own)[-1] == "1004", "shown until the server has decided"
    body = ErrorBody(code=ErrorCode.CONFLICT, message="Changed somewhere else.")
    with qtbot.waitSignal(own.failed) as failed:
        server.refuse(ApiError(409, body))
    assert failed.args == ["Changed somewhere else.", False]
    assert numbers(own) == ["2001"]


def test_a_removed_key_comes_back_where_it_was_and_nothing_is_sent_KEY_1(own, server):
    gone = own.hide(1)
    assert (numbers(own), server.changes) == (["1001", "1003"], [])
    own.restore(1, gone)
    own.save()
    assert (numbers(own), server.changes) == (["1001", "1002", "1003"], [])
    own.hide(1)
    own.save()
    assert [key.value for key in server.changes[0].keys] == ["1001", "1003"]


def test_keys_of_the_server_show_at_once_and_while_it_is_away_stay_KEY_5(own, topic, qtbot):
    with qtbot.waitSignal(own.changed):
        topic.take_delta("keys", FunctionKeys(revision=5, keys=blf("1007")))
    assert numbers(own) == ["1007"]
    topic.forget()
    assert (numbers(own), own.known, own.ever_known) == (["1007"], False, True)


def test_permission_is_that_of_the_server_KEY_1(own, qtbot):
    assert not own.may_change
    with qtbot.waitSignal(own.state_changed):
        own.set_permissions(["keys.change"])
    assert own.may_change
    assert not own.full
    own.set(blf("1001") * MAX_KEYS)
    assert own.full
