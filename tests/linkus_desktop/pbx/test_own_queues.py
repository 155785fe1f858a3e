"""Q-10, Q-11, KEY-5: the own place in queues as the client holds it, and the orders it sends."""

from datetime import UTC, datetime, timedelta

import pytest

from linkus_desktop.pbx.agents import OwnQueues
from linkus_desktop.pbx.errors import ApiError, PbxError
from linkus_desktop.pbx.live import LiveTopic
from server.contract.agents import AgentState, AgentStatus, AgentSwitch, PauseReasons
from server.contract.errors import ErrorBody, ErrorCode
from server.contract.events import Topic

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=UTC)


def agent(queue="6400", state="available", *, ago=60, extension="1001", name="", **more):
    holds = {"dynamic": True, "logged_in": state != "logged_out", "paused": state == "paused"} | more
    return AgentStatus(
        queue=queue, queue_name=name, extension=extension, state=AgentState(state),
        since=NOW - timedelta(seconds=ago), **holds,
    )  # fmt: skip


class Server:
    """Remembers what it was asked; answers when the test wants."""

    def __init__(self):
        self.asked = []
        self.waiting = []

    def run(self, coro, *, on_done, on_error):
        coro.close()
        self.waiting.append((on_done, on_error))

    def switch_queue(self, queue, change):
        return self._take((queue, change))

    def switch_queues(self, change):
        return self._take(("all", change))

    def log_in_last(self):
        return self._take("last")

    def pause_reasons(self):
        return self._take("reasons")

    def answer(self, result=None):
        self.waiting.pop(0)[0](result)

    def refuse(self, error):
        self.waiting.pop(0)[1](error)

    def _take(self, what):
        self.asked.append(what)
        return _nothing()


async def _nothing():
    pass


class World:
    def __init__(self):
        self.topic = LiveTopic(Topic.AGENTS, AgentStatus)
        self.server = Server()
        self.own = OwnQueues(self.topic, self.server, lambda: "1001", run=self.server.run)
        self.failures, self.changes, self.successes = [], [], []
        self.own.failed.connect(lambda text, again: self.failures.append((text, again)))
        self.own.changed.connect(lambda: self.changes.append(None))
        self.own.done.connect(lambda: self.successes.append(None))

    def tell(self, *agents):
        self.topic.take_snapshot({f"{one.queue}/{one.extension}": one for one in agents})

    def change(self, one):
        self.topic.take_delta(f"{one.queue}/{one.extension}", one)
        self.topic.flush()


@pytest.fixture
def world(qapp):
    return World()


def test_only_the_own_queues_are_taken_by_number_though_managers_are_told_of_all_Q_11(world):
    world.tell(agent("6402"), agent("6400"), agent("6401", extension="1002"))
    assert [one.queue for one in world.own.queues] == ["6400", "6402"]
    assert world.own.get("6401") is None


def test_who_is_in_no_queue_has_none_Q_11(world):
    world.tell(agent(extension="1002"))
    assert (world.own.queues, world.own.summary().state) == ([], None)


def test_a_change_of_a_colleague_changes_nothing_here(world):
    world.tell(agent("6400"), agent("6400", extension="1002"))
    world.changes.clear()
    world.change(agent("6400", "paused", extension="1002"))
    assert world.changes == []
    world.change(agent("6400", "paused"))
    assert world.changes
    assert world.own.get("6400").state is AgentState.PAUSED


@pytest.mark.parametrize(
    ("states", "shown", "since", "counts"),
    [
        ([("available", 60)], "available", 60, (1, 1, 1)),
        ([("available", 60), ("logged_out", 5)], "available", 60, (1, 1, 2)),
        ([("available", 60), ("wrap_up", 5)], "wrap_up", 5, (2, 2, 2)),
        ([("busy_elsewhere", 9), ("talking", 9)], "talking", 9, (2, 2, 2)),
        ([("busy_elsewhere", 9), ("ringing", 3)], "ringing", 3, (2, 2, 2)),
        ([("paused", 60), ("paused", 20)], "paused", 20, (0, 2, 2)),
        ([("paused", 60), ("logged_out", 20)], "paused", 60, (0, 1, 2)),
        ([("paused", 60), ("unreachable", 20)], "unreachable", 20, (1, 2, 2)),
        ([("logged_out", 60), ("logged_out", 20)], "logged_out", 20, (0, 0, 2)),
    ],
)
def test_the_summary_is_what_tells_most_and_since_when_Q_11(world, states, shown, since, counts):
    world.tell(*(agent(f"640{n}", state, ago=ago) for n, (state, ago) in enumerate(states)))
    told = world.own.summary()
    assert (told.state, told.since) == (AgentState(shown), NOW - timedelta(seconds=since))
    assert (told.taking, told.logged_in, told.total) == counts


def test_every_state_has_a_place_in_the_summary_Q_11(world):
    for state in AgentState:
        world.tell(agent(state=state.value))
        assert world.own.summary().state is state


def test_a_reason_is_the_summarys_only_where_it_is_the_same_everywhere_Q_11(world):
    world.tell(agent("6400", "paused", reason="Lunch"), agent("6401", "paused", reason="Lunch"))
    assert world.own.summary().reason == "Lunch"
    world.tell(agent("6400", "paused", reason="Lunch"), agent("6401", "paused"))
    assert world.own.summary().reason == ""


def test_when_the_connection_is_lost_nothing_is_known_at_once_KEY_5(world):
    world.tell(agent())
    world.topic.forget()
    assert not world.own.known
    assert world.own.summary().state is None
    assert [one.queue for one in world.own.queues] == ["6400"], "which queues there are stays"
    world.tell(agent(state="paused"))
    assert world.own.summary().state is AgentState.PAUSED


def test_each_order_says_what_is_to_be_so_Q_10(world):
    own = world.own
    own.log_in()
    own.log_in("6400")
    own.log_out("6400")
    own.pause("Lunch")
    own.pause(queue="6400")
    own.resume()
    own.log_in_last()
    assert world.server.asked == [
        ("all", AgentSwitch(logged_in=True)),
        ("6400", AgentSwitch(logged_in=True)),
        ("6400", AgentSwitch(logged_in=False)),
        ("all", AgentSwitch(paused=True, reason="Lunch")),
        ("6400", AgentSwitch(paused=True)),
        ("all", AgentSwitch(paused=False)),
        "last",
    ]


def test_an_order_is_shown_as_on_its_way_and_its_effect_only_once_told_Q_11(world):
    world.tell(agent("6400"), agent("6401"))
    world.own.pause(queue="6400")
    assert world.own.busy("6400")
    assert not world.own.busy("6401")
    assert world.own.get("6400").state is AgentState.AVAILABLE
    world.server.answer()
    assert not world.own.busy("6400")
    assert world.successes == [None]


def test_an_order_for_all_is_on_its_way_for_each(world):
    world.tell(agent("6400"))
    world.own.pause()
    world.own.pause(queue="6400")
    world.server.answer()
    assert world.own.busy("6400")
    assert not world.own.busy()
    world.server.answer()
    assert not world.own.busy("6400")


def test_what_was_not_done_is_told_and_can_be_tried_again_Q_10(world):
    world.tell(agent("6400", name="Support"))
    world.own.log_out("6400")
    world.server.refuse(PbxError("The server does not answer."))
    text, again = world.failures[0]
    assert text == "You were not logged out (Support). The server does not answer."
    assert not world.own.busy("6400")
    again()
    assert world.server.asked[1] == world.server.asked[0]
    world.server.answer()
    assert len(world.failures) == 1


def test_what_the_server_will_refuse_again_is_not_offered_again_Q_11(world):
    world.own.log_out("6400")
    world.server.refuse(ApiError(409, ErrorBody(code=ErrorCode.CONFLICT, message="Static agents stay.")))
    assert world.failures == [("You were not logged out. Static agents stay.", None)]


def test_reasons_are_loaded_once_at_a_time_and_kept_when_that_fails_Q_10(world):
    told = []
    world.own.reasons_changed.connect(lambda: told.append(world.own.reasons))
    world.own.load_reasons()
    world.own.load_reasons()
    assert world.server.asked == ["reasons"]
    world.server.answer(PauseReasons(reasons={"1": "Break", "2": "Lunch", "3": "Lunch"}))
    world.own.load_reasons()
    world.server.refuse(PbxError("The server does not answer."))
    assert told == [["Break", "Lunch"], ["Break", "Lunch"]]
    assert world.own.reasons_problem == "The server does not answer."
