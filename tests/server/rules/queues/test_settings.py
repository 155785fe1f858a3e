"""Q-1 to Q-8: what a queue may be."""

import pytest
from pydantic import ValidationError

from server.contract.agents import QueueCall, QueueEnd
from server.contract.configuration import Reference
from server.contract.queues import PeriodicAnnouncement, Queue, QueueOptions
from tests.server.rules.queues.centre import agents, queue
from tests.virtual_time import EPOCH


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"static_agents": agents("1001"), "dynamic_agents": agents("1001")}, "an agent twice"),
        ({"static_agents": agents("1001", "1001")}, "an agent twice"),
        ({"static_agents": [{"extension": "1001", "skill_level": 0}]}, "greater than or equal to 1"),
        ({"static_agents": [{"extension": "1001", "skill_level": 100}]}, "less than or equal to 99"),
        ({"strategy": "longest_idle"}, "ring_all"),
        ({"failover": {"kind": "mobile"}}, "mobile belongs to an extension"),
        ({"periodic": {"prompt": "p", "every_s": 5}}, "greater than or equal to 15"),
        ({"retry_s": 0}, "greater than or equal to 1"),
        ({"penalty": 3}, "Extra inputs"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_words_Q_2(settings, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Queue(number="6400", **settings)


def test_a_key_of_the_periodic_announcement_leads_to_one_place_Q_5():
    twice = [{"key": "1", "destination": {"kind": "hang_up"}}] * 2
    with pytest.raises(ValidationError, match="a key leads to two places"):
        PeriodicAnnouncement(prompt="p", choices=twice)


def test_a_queue_says_what_must_exist_for_it_Q_1():
    one = queue(
        "1001",
        dynamic=["1002"],
        managers=["1003"],
        join_announcement="hello",
        ringback="ring",
        periodic={
            "prompt": "sorry",
            "choices": [{"key": "1", "destination": {"kind": "voicemail", "value": "1004"}}],
        },
        failover={"kind": "ivr", "value": "6500"},
    )
    assert set(one.references()) == {
        Reference("extension", "1001", "static_agents"),
        Reference("extension", "1002", "dynamic_agents"),
        Reference("extension", "1003", "managers"),
        Reference("prompt", "hello", "join_announcement"),
        Reference("prompt", "ring", "ringback"),
        Reference("prompt", "sorry", "periodic.prompt"),
        Reference("extension", "1004", "periodic.choices.0.destination"),
        Reference("ivr", "6500", "failover"),
    }
    assert one.summary == "linear, 2 agents"
    assert Queue.model_validate_json(one.model_dump_json()) == one


def test_as_delivered_wrap_up_is_not_shared_and_new_agents_are_logged_out_Q_7_Q_8():
    options = QueueOptions()
    assert not options.shared_wrap_up
    assert not options.new_agents_logged_in
    assert not options.sync_results


@pytest.mark.parametrize(
    ("settings", "answered", "missed"),
    [
        ({}, ["1009"], ["1009"]),
        ({"log_for_all_agents": True}, ["1009", "1001"], ["1009", "1001", "1002", "1003"]),
        ({"log_agents": ["1001", "1003", "1004"]}, ["1009", "1001"], ["1009", "1001", "1003"]),
        ({"log_for_all_agents": True, "log_incoming": False}, ["1009"], ["1009", "1001", "1002", "1003"]),
        ({"log_for_all_agents": True, "log_missed": False}, ["1009", "1001"], ["1009"]),
    ],
)
def test_a_call_is_shown_to_managers_and_to_agents_whom_the_settings_name_Q_9(settings, answered, missed):
    one = queue("1001", "1002", dynamic=["1003"], managers=["1009"], **settings)
    call = QueueCall(call="c", queue="6400", joined=EPOCH, left=EPOCH, end=QueueEnd.ABANDONED)
    taken = call.model_copy(update={"end": QueueEnd.ANSWERED, "agent": "1001"})
    assert [*one.shown_to(taken)] == answered
    assert [*one.shown_to(call)] == missed
    everybody = ["1009", "1001", "1002", "1003", "1004"]
    assert [number for number in everybody if one.shows(taken, number)] == answered
    assert [number for number in everybody if one.shows(call, number)] == missed
