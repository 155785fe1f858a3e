"""KEY-1, KEY-2: which keys have a usable value, and who may change them."""

import pytest
from pydantic import ValidationError

from server.contract.boss import Boss
from server.contract.extensions import Extension
from server.contract.features import FeatureCodes
from server.contract.keys import FunctionKey, KeyRight
from server.contract.queues import Queue, QueueAgent
from server.contract.routing import EmergencyNumber, RingGroup
from server.contract.voicemail import GroupMailbox
from server.rules.keys import Surroundings, extensions_named, may_change_keys, problem_of
from server.rules.routing.snapshot import snapshot_of

OBJECTS = (
    RingGroup(number="6200", members=("1001",)),
    GroupMailbox(number="6500", members=("1001",)),
    EmergencyNumber(number="112", trunks=("main",)),
    Queue(number="6400", dynamic_agents=(QueueAgent(extension="1000"), QueueAgent(extension="1001"))),
    Queue(number="6401", static_agents=(QueueAgent(extension="1000"),)),
    Queue(number="6402", static_agents=(QueueAgent(extension="1001"),)),
)


def key(kind, value="", label=""):
    return FunctionKey(type=kind, value=value, label=label)


def there(*objects):
    return Surroundings("1000", snapshot_of([*OBJECTS, *objects]), {"1000", "1001", "1002"})


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("blf", "1001", "1001"),
        ("speed_dial", "+420 530-335 533", "+420530335533"),
        ("speed_dial", "*31 1001", "*311001"),
        ("boss_secretary", "*59 2007", "*592007"),
        ("intercom", "1001", "1001"),
        ("park", "6900", "6900"),
        ("pickup", "6200", "6200"),
        ("voicemail", "", ""),
        ("voicemail", "6500", "6500"),
        ("dtmf", "12 34#a", "1234#A"),
        ("prefix", "00 420", "00420"),
        ("presence", "lunch_break", "lunch_break"),
        ("forward", "always:00420 601 234 567", "always:00420601234567"),
        ("forward", "no_answer", "no_answer"),
        ("agent_login", "64 00", "6400"),
        ("agent_pause", "all", "all"),
        ("recording", "", ""),
        ("url", "https://crm.example/?q={number}&n={name}", "https://crm.example/?q={number}&n={name}"),
    ],
)
def test_a_value_of_each_type_is_taken_as_people_write_it_KEY_2(kind, value, kept):
    assert key(kind, value).value == kept


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("blf", "", "number of an extension"),
        ("blf", "anna", "number of an extension"),
        ("speed_dial", "anna", "telephone number"),
        ("boss_secretary", "2007", "feature code"),
        ("park", "", "parking slot"),
        ("pickup", "*4", "extension or a ring group"),
        ("voicemail", "anna", "mailbox"),
        ("dtmf", "12,34", "enter keys"),
        ("prefix", "", "digits"),
        ("presence", "asleep", "lunch_break"),
        ("forward", "sometimes", "no_answer"),
        ("forward", "always:", "no_answer"),
        ("forward", "always:+420601234567", "as it is dialled"),
        ("agent_login", "", "number of a queue"),
        ("agent_pause", "every", "number of a queue"),
        ("recording", "1", "no value"),
        ("url", "ftp://files.example", "https://"),
        ("url", "javascript:alert(1)", "https://"),
        ("url", "https://{number}.example/", "the host"),
        ("url", "https:///path", "the host"),
        ("url", "https://crm.example/{secret}", "{secret} is not known"),
        ("url", "https://crm.example/a b", "%20"),
        ("url", "https://crm.example/" + "x" * 500, "500"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_a_reason_KEY_2(kind, value, said):
    with pytest.raises(ValidationError, match=said):
        key(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("blf", "1001"), ("speed_dial", "1999"), ("intercom", "1002"), ("park", "6919"), ("pickup", "1001"),
        ("pickup", "6400"),
        ("pickup", "6200"), ("voicemail", ""), ("voicemail", "1001"), ("voicemail", "6500"), ("dtmf", "1"),
        ("prefix", "0"), ("presence", "away"), ("forward", "always"), ("forward", "busy:1001"),
        ("agent_login", "6400"), ("agent_login", "all"), ("agent_pause", "6400"), ("agent_pause", "6401"),
        ("agent_pause", "all"), ("recording", ""), ("url", "https://crm.example"),
    ],
)  # fmt: skip
def test_keys_that_can_do_something_are_taken_KEY_2(kind, value):
    assert problem_of(key(kind, value), there()) == ""


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("blf", "1999", "no extension 1999"),
        ("blf", "1000", "own extension"),
        ("intercom", "6200", "no extension 6200"),
        ("park", "6920", "from 6900 to 6919"),
        ("pickup", "6402", "neither agent nor manager of queue 6402"),
        ("pickup", "6500", "no extension, ring group or queue 6500"),
        ("voicemail", "6200", "no mailbox 6200"),
        ("forward", "always:1000", "own extension"),
        ("forward", "always:112", "emergency number"),
        ("boss_secretary", "*591001", "1000 is no boss"),
        ("agent_login", "6409", "no queue 6409"),
        ("agent_pause", "6402", "no agent of queue 6402: use 6400, 6401 or all"),
        ("agent_login", "6401", "static agent"),
    ],
)
def test_keys_that_could_do_nothing_are_named_with_the_reason_KEY_2(kind, value, said):
    assert said in problem_of(key(kind, value), there())


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("intercom", "1001", "intercom"),
        ("park", "6900", "park_at"),
        ("pickup", "1001", "directed_pickup"),
        ("voicemail", "", "voicemail"),
        ("boss_secretary", "*591001", "boss_secretary"),
        ("forward", "busy:1001", "forward_busy"),
        ("forward", "always", "forward_always_off"),
    ],
)
def test_a_key_whose_feature_code_is_switched_off_is_refused_KEY_2(kind, value, code):
    said = problem_of(key(kind, value), there(FeatureCodes(**{code: ""})))
    assert f"{code} is switched off" in said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("*591001", ""),
        ("*591003", ""),
        ("*591002", "1002 is no secretary of 1000: use *591001, *591003"),
        ("*59", "nobody is no secretary"),
        ("*581001", "the code is *59"),
    ],
)
def test_only_the_code_of_an_own_secretary_is_taken_BOSS_2(value, said):
    boss = Boss(name="1000", secretaries=("1001",), ring_group="6300")
    group = RingGroup(number="6300", members=("1003", "1000"))
    found = problem_of(
        key("boss_secretary", value), there(boss, group, Boss(name="1009", secretaries=("1002",)))
    )
    assert said in found if said else not found


def test_who_is_an_agent_of_no_queue_can_have_no_agents_key_KEY_2():
    outsider = Surroundings("1002", there().snapshot, {"1002"})
    for kind in ("agent_login", "agent_pause"):
        assert problem_of(key(kind, "all"), outsider) == "1002 is an agent of no queue"
    only_static = Surroundings("1001", snapshot_of([OBJECTS[-1]]), {"1001"})
    assert "always logged in" in problem_of(key("agent_login", "all"), only_static)
    assert problem_of(key("agent_pause", "all"), only_static) == ""


def test_only_numbers_that_keys_are_about_are_looked_up():
    keys = [key("blf", "1001"), key("voicemail"), key("speed_dial", "1002"), key("pickup", "6200")]
    assert extensions_named(keys) == {"1001", "6200"}


def test_a_right_is_for_extensions_for_groups_or_for_everybody_KEY_1():
    anna = Extension.model_validate(
        {
            "number": "1001", "first_name": "", "last_name": "", "email": None, "mobile": None,
            "groups": ["Sales"], "enabled": True, "client_enabled": True, "srtp": "off", "avatar": None,
            "created_at": "2026-03-02T09:00:00Z",
        }
    )  # fmt: skip
    assert not may_change_keys([], anna)
    assert not may_change_keys([KeyRight(name="a", groups=("Support",), extensions=("1002",))], anna)
    for right in ({"everybody": True}, {"extensions": ("1001",)}, {"groups": ("Sales",)}):
        assert may_change_keys([KeyRight(name="a", **right)], anna)
