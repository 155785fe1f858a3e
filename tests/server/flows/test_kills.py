"""kill -9 of the server at every moment of every story: it loses nothing (A.3, OPS-1).

The stories are those of `fault_stories`. At one of their moments the server is dropped without clean-up, and
another one comes up on the same engine and disk.
"""

import asyncio
import contextlib
from pathlib import Path as FilePath

import pytest

from server.flows.voicemail_prompts import SAVED
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour, SimulatedEngine
from server.switch.simulated.phones import Dialog
from tests.server.flows import code_stories as codes
from tests.server.flows import fault_stories as stories
from tests.server.flows.office import Office
from tests.server.flows.test_adoption import after_a_kill
from tests.server.flows.test_ways import forwards
from tests.virtual_time import run

DOWN_S = 0.5
"""Seconds until the next server is there."""

LATER_S = 2.0
"""Seconds after which it has sorted everything out."""


class Place:
    """The office as the story sees it: that of the server which lives."""

    def __init__(self) -> None:
        self.office = Office(engine=SimulatedEngine())
        self.kill: asyncio.Task[None] | None = None
        self.begin = 0
        self.found: set[str] = set()
        """The legs that the next server has found."""

    def __getattr__(self, name):
        return getattr(self.office, name)

    def kill_at(self, at: int) -> None:
        self.begin = self.office.switch.points

        def strike(point: int) -> None:
            if point - self.begin == at:
                self.office.switch.fault = None
                self.kill = asyncio.ensure_future(self._replace())

        self.office.switch.fault = strike

    async def _replace(self) -> None:
        self.office = await after_a_kill(self.office, down_s=DOWN_S)
        self.found = set(self.office.engine.dialogs)
        await asyncio.sleep(LATER_S)
        self.assert_everybody_is_served()

    def assert_everybody_is_served(self) -> None:
        """Every leg is some call's, and whoever hears ringing has phones that ring."""
        calls = [live.call for live in self.office.calls._desk.calls()]
        legs = {leg_id for call in calls for leg_id in (call.caller_leg, *call.legs)}
        dialogs = self.office.engine.dialogs.values()
        strays = [(one.id, one.number, one.state.name) for one in dialogs if one.id not in legs]
        assert strays == [], calls
        for caller in [one for one in dialogs if one.inbound and one.state is not LegState.UP]:
            rung = {leg_id for call in calls if call.caller_leg == caller.id for leg_id in call.legs}
            assert rung & set(self.office.engine.dialogs), f"nothing rings for {caller}"


async def killed_story(story, phones, at: int) -> tuple[int, Office]:
    """One story, the server killed at this moment; how many moments there were, and the office afterwards."""
    place = Place()
    await place.office.start()
    place.engine.phone("1001", Behaviour.answers(1.0, hangs_up_after_s=2.0))
    for number, behaviour in phones:
        place.engine.phone(number, behaviour)
    place.kill_at(at)
    telling = asyncio.ensure_future(story(place))
    await asyncio.wait({telling}, timeout=150)  # an order to the killed server is never answered
    await asyncio.sleep(200)
    moments = place.office.switch.points - place.begin
    for dialog in [*place.engine.dialogs.values()]:  # those who would talk for ever
        dialog.phone.hang_up(dialog)
    if place.kill is not None:
        await place.kill
    telling.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await telling
    second = place.office
    await second.idle()
    await second.calls.sort_out_recordings()
    await second.idle()
    second.assert_nothing_left()
    begun = [call.caller_leg for call in second.store.calls.values() if call.bridge_id == call.id]
    assert len(begun) == len(set(begun)), "a call is logged twice"
    await second.stop()
    return moments, second


def at_each_moment(story, phones, *, least: int, then=lambda place: None) -> None:
    """The story with a kill at each of its moments, and how it comes out each time."""
    moments, place = run(killed_story(story, phones, at=-1))
    then(place)
    assert moments >= least
    for at in range(1, moments + 1):
        _, place = run(killed_story(story, phones, at))
        try:
            then(place)
        except AssertionError as error:
            raise AssertionError(f"killed at moment {at} of {moments}") from error


def answered(number: str):
    """The caller has come to this extension, and only once."""

    def look(place: Office) -> None:
        (entry,) = [entry for entry in place.store.log.values() if entry.owner == "1001"]
        assert (entry.outcome, entry.number) == ("answered", number)

    return look


def messages(count: int):
    """So many messages were left."""

    def look(place: Office) -> None:
        assert len(place.voicemail.messages.kept) == count

    return look


@pytest.mark.parametrize(
    ("way", "reached"), [("forwarded", "1003"), ("forwarded late", "1003"), ("group", "1004")]
)
def test_a_kill_at_each_moment_of_a_long_way_costs_none_of_it_PRES_3(way, reached):
    story, phones = stories.WAYS[way]
    at_each_moment(story, phones, least=11, then=answered(reached))


@pytest.mark.parametrize("phones", [1, 2], ids=["one phone", "two phones"])
def test_a_kill_at_each_moment_of_an_ordered_call_costs_none_whose_phone_rang_SIP_2(phones):
    async def order(place: Place) -> None:
        """1003 has 1002 called, from its own phones."""
        await place.control.make("1003", "1002")

    def look(place: Office) -> None:
        rang = [phone for phone in stories.phones_of(place, "1003") if phone.calls]
        called = [dialog for phone in stories.phones_of(place, "1002") for dialog in phone.calls]
        assert (bool(rang), len(called)) in ((True, 1), (False, 0))
        assert place.log("1003") == ([("outgoing", "1002", "answered", None)] if rang else [])
        assert place.control.in_progress() == []

    own = [("1003", Behaviour.answers(1.0)), ("1003", Behaviour.rings())]
    at_each_moment(order, [*own[:phones], ("1002", stories.ENDS_IT)], least=7, then=look)


@pytest.mark.parametrize("way", ["called back", "called back in vain"])
def test_a_kill_at_each_moment_of_an_emergency_call_and_its_call_back_costs_neither_PRES_8(way):
    story, phones = stories.WAYS[way]

    def look(place: Office) -> None:
        ended = {
            entry.direction: entry.outcome for entry in place.store.log.values() if entry.owner == "1002"
        }
        assert ended["incoming"] == ("answered" if way == "called back" else "missed")
        assert {made.call.extension for made in place.emergency_store.rows.values()} == {"1002"}

    at_each_moment(story, phones, least=11, then=look)


@pytest.mark.parametrize("behaviours", stories.BEHAVIOURS.values(), ids=stories.BEHAVIOURS.keys())
def test_a_kill_at_each_moment_of_a_call_leaves_nothing_behind_OPS_1(behaviours):
    at_each_moment(stories.plain_call, [("1002", behaviour) for behaviour in behaviours], least=6)


@pytest.mark.parametrize("transfer", stories.TRANSFERS.values(), ids=stories.TRANSFERS.keys())
def test_a_kill_at_each_moment_of_a_transfer_leaves_nothing_behind_SIP_4(transfer):
    story, phones = transfer
    at_each_moment(story, phones, least=16)


@pytest.mark.parametrize("pressed", stories.BY_KEYS.values(), ids=stories.BY_KEYS.keys())
def test_a_kill_at_each_moment_of_keys_in_a_call_leaves_nothing_behind_CODE_1(pressed):
    at_each_moment(lambda place: stories.keys(place, *pressed[0]), pressed[1], least=16)


@pytest.mark.parametrize("rung", stories.PICK_UPS.values(), ids=stories.PICK_UPS.keys())
def test_a_kill_at_each_moment_of_a_pick_up_leaves_nothing_behind_SIP_4(rung):
    at_each_moment(stories.pick_up, [("1002", rung), ("1003", Behaviour.rings())], least=9)


def test_a_kill_at_each_moment_of_a_pick_up_costs_it_nobody_SIP_4():
    async def story(place: Place) -> None:
        stories.phones_of(place, "1001")[0].call("1002")
        await asyncio.sleep(1.5)  # a server that was killed is back
        stories.phones_of(place, "1003")[0].call("*041002")
        await asyncio.sleep(8)
        talking.append([len(legs) for legs in place.engine.bridges.values()])

    def look(place: Office) -> None:
        assert talking[-1] == [2], "the one who picks up talks with the caller"
        assert [entry[2] for entry in place.log("1003")] == ["answered"]

    talking: list[list[int]] = []
    at_each_moment(story, [("1002", Behaviour.rings()), ("1003", Behaviour.rings())], least=9, then=look)


def test_a_kill_at_each_moment_of_a_code_costs_nobody_what_was_dialled_CODE_1():
    def look(place: Office) -> None:
        assert str(place.reaching.settings["1001"].statuses.available.internal.always) == "extension:1002"
        assert place.log("1001") == [], "it has not failed"

    at_each_moment(stories.code, [("1002", stories.ENDS_IT)], least=5, then=look)


@pytest.mark.parametrize("ordered", [False, True], ids=["dialled", "ordered"])
@pytest.mark.parametrize("name", codes.SWITCHES)
def test_a_kill_at_each_moment_of_a_code_that_switches_over_does_it_once_and_says_so_BOSS_2_Q_10(
    name, ordered
):
    def look(place: Office) -> None:
        (phone,) = stories.phones_of(place, "1003")
        for dialog in phone.calls if ordered else heard[-1:]:
            assert codes.is_switched(place, name)
            assert tuple(dialog.sounds[-len(codes.words_of(name)) :]) == codes.words_of(name)
        assert place.log("1003") == [], "it has not failed"

    heard: list[Dialog] = []
    story = codes.switching(name, heard, ordered=ordered)
    at_each_moment(story, [("1003", Behaviour.answers(1.0))], least=5, then=look)


@pytest.mark.parametrize("machine", codes.MACHINES)
def test_a_kill_at_each_moment_of_an_ordered_call_to_a_machine_costs_nobody_the_machine_SIP_2(machine):
    async def story(place: Place) -> None:
        await codes.ordering(codes.MACHINES[machine])(place)
        served.append([dialog.state for dialog in _at(place, "1003")])

    def look(place: Office) -> None:
        (phone,) = stories.phones_of(place, "1003")
        number = codes.MACHINES[machine]
        if machine in {"menu", "queue", "conference"}:
            assert served[-1] == [LegState.UP] * len(phone.calls), "it is there for as long as one wants"
        elif phone.calls:
            assert phone.calls[0].sounds, "it was heard"
        assert place.log("1003") == [("outgoing", number, "answered", None)] * len(phone.calls)
        assert place.control.in_progress() == []

    served: list[list[LegState]] = []
    at_each_moment(story, [("1003", Behaviour.answers(1.0))], least=5, then=look)


def _at(place: Place, number: str) -> list[Dialog]:
    return [dialog for dialog in place.engine.dialogs.values() if dialog.number == number]


def test_a_kill_at_each_moment_of_an_errand_at_the_own_mailbox_costs_none_of_it_VM_3():
    def recorded(place: Office) -> None:
        (phone,) = stories.phones_of(place, "1003")
        if phone.calls:
            assert {*place.voicemail.greetings.named.values()} == {"At lunch"}
            assert phone.calls[0].sounds[-len(SAVED) :] == [*SAVED]

    def played(place: Office) -> None:
        (phone,) = stories.phones_of(place, "1003")
        for dialog in phone.calls:
            assert dialog.heard[-1].sound == Sound.file(FilePath("/memory/greeting"))
            assert dialog.heard[-1].ended - dialog.heard[-1].began == pytest.approx(5.0), "to its end"

    answers = [("1003", Behaviour.answers(1.0))]
    at_each_moment(codes.record_greeting, answers, least=6, then=recorded)
    at_each_moment(codes.play_greeting, answers, least=4, then=played)


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "goes back"])
def test_a_kill_at_each_moment_of_parking_leaves_nothing_behind_SIP_4(taken):
    phones = [stories.TALKS, ("1003", Behaviour.rings() if taken else Behaviour.answers(1.0))]
    at_each_moment(stories.park, phones, least=16)


@pytest.mark.parametrize(
    "story", [stories.hold, stories.hold_and_transfer, stories.hold_and_ask], ids=lambda story: story.__name__
)
def test_a_kill_at_each_moment_of_a_hold_leaves_nothing_behind_SIP_4(story):
    at_each_moment(story, [stories.TALKS, ("1003", Behaviour.answers(0.5, hangs_up_after_s=6.0))], least=15)


def test_a_kill_at_each_moment_of_barging_in_leaves_nothing_behind_WALL_3():
    phones = [("1002", Behaviour.answers(1.0, hangs_up_after_s=5.0)), ("1003", Behaviour.rings())]
    at_each_moment(stories.barge_in, phones, least=13)


def test_a_kill_at_each_moment_of_a_menu_leaves_nothing_behind_ADMIN_2():
    at_each_moment(stories.menu, [("1002", stories.ENDS_IT)], least=13)


def in_the_log_of_the_queue_once(place: Office) -> None:
    """The caller has one line there, and whoever has talked with the caller stands in it."""
    (line,) = place.queue_store.calls
    (entry,) = [entry for entry in place.store.log.values() if entry.owner == "1001"]
    if line.end == "answered":
        # Somebody who is gone while the agent still hears who that is has talked with the queue only.
        assert (entry.outcome, entry.number) in [("answered", line.agent), ("answered", "6400")]
    else:
        assert entry.number not in AGENTS or line.end == "left"


def answered_by_an_agent(place: Office) -> None:
    """The same, and that is so, whenever the server was killed."""
    in_the_log_of_the_queue_once(place)
    assert place.queue_store.calls[0].end == "answered"


AGENTS = ("1002", "1003")
OUTCOMES = {"answered": answered_by_an_agent, "refused": answered_by_an_agent}


@pytest.mark.parametrize("way", stories.QUEUES)
def test_a_kill_at_each_moment_of_a_queue_leaves_nothing_behind_and_costs_no_line_Q_9_Q_11(way):
    story, phones = stories.QUEUES[way]
    at_each_moment(story, phones, least=13, then=OUTCOMES.get(way, in_the_log_of_the_queue_once))


def test_a_kill_at_each_moment_of_an_answer_on_a_mobile_logs_it_as_the_agents_Q_9_Q_11():
    def look(place: Office) -> None:
        calls = place.engine.carriers["two"].calls
        talked.append([call for call in calls if call.ended is not None and not call.ended.by_us])
        if talked[-1]:  # else the transfer had hardly begun, and the two talk on
            lines = [(str(line.end), line.agent) for line in place.queue_store.calls]
            assert lines == [("answered", "1002")]
            assert ("incoming", "1001", "answered", None) in place.log("1002")

    talked: list[list[Dialog]] = []
    phones = [("1002", Behaviour.rings()), ("1003", Behaviour.answers(1.0))]
    at_each_moment(codes.mobile_agent, phones, least=30, then=look)
    assert len([calls for calls in talked if calls]) > 20


@pytest.mark.parametrize("way", stories.VOICEMAIL.values(), ids=stories.VOICEMAIL.keys())
def test_a_kill_at_each_moment_of_voicemail_leaves_nothing_behind_VM_5(way):
    story, phones = way
    at_each_moment(story, phones, least=7)


@pytest.mark.parametrize("busy", [True, False], ids=["busy", "no answer"])
def test_a_kill_at_each_moment_costs_no_message_VM_3(busy):
    async def story(place: Place) -> None:
        """1002 does not answer; 1001 leaves a message in its mailbox, be the greeting heard twice."""
        place.reaching.settings["1002"] = forwards(no_answer="voicemail", busy="voicemail")
        anna = stories.phones_of(place, "1001")[0]
        call = anna.call("1002")
        await asyncio.sleep(75)
        anna.hang_up(call)

    phones = [("1002", Behaviour.refuses(486) if busy else Behaviour.rings())]
    at_each_moment(story, phones, least=7, then=messages(1))


@pytest.mark.parametrize(
    "story", [stories.code, stories.refused_code, stories.intercom], ids=lambda one: one.__name__
)
def test_a_kill_at_each_moment_of_a_feature_code_leaves_nothing_behind_CODE_1(story):
    at_each_moment(story, [("1002", stories.ENDS_IT)], least=5)


def test_a_kill_at_each_moment_of_a_conference_leaves_nothing_behind_SIP_4():
    at_each_moment(stories.meet, [("1003", Behaviour.rings())], least=13)


@pytest.mark.parametrize("recording", stories.RECORDINGS.values(), ids=stories.RECORDINGS.keys())
def test_a_kill_at_each_moment_of_a_recording_leaves_nothing_behind_SIP_5(recording):
    story, phones = recording
    at_each_moment(story, phones, least=16)
