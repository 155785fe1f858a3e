"""Which function keys can do something, and who may change them (KEY-1, KEY-2)."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from server.contract.boss import Boss
from server.contract.extensions import Extension
from server.contract.features import Feature
from server.contract.keys import ALL_QUEUES, FunctionKey, KeyRight, KeyType
from server.contract.queues import Queue
from server.contract.reaching import ForwardingCondition
from server.contract.routing import RingGroup
from server.contract.voicemail import GroupMailbox
from server.rules.boss_secretary import secretaries_of
from server.rules.routing import Snapshot, is_emergency_number

_OF_EXTENSIONS = frozenset({KeyType.BLF, KeyType.INTERCOM, KeyType.PICKUP, KeyType.VOICEMAIL})

_FORWARD = {
    ForwardingCondition.ALWAYS: (Feature.FORWARD_ALWAYS, Feature.FORWARD_ALWAYS_OFF),
    ForwardingCondition.BUSY: (Feature.FORWARD_BUSY, Feature.FORWARD_BUSY_OFF),
    ForwardingCondition.NO_ANSWER: (Feature.FORWARD_NO_ANSWER, Feature.FORWARD_NO_ANSWER_OFF),
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What keys are checked against: whose they are, the configuration, and which extensions there are."""

    owner: str
    snapshot: Snapshot
    extensions: Collection[str]


def may_change_keys(rights: Iterable[KeyRight], extension: Extension) -> bool:
    """Whether an extension may change its own keys."""
    return any(right.covers(extension.number, extension.groups) for right in rights)


def extensions_named(keys: Iterable[FunctionKey]) -> set[str]:
    """Numbers of which it must be known whether they are extensions, to check these keys."""
    return {key.value for key in keys if key.type in _OF_EXTENSIONS and key.value}


def problem_of(key: FunctionKey, there: Surroundings) -> str:
    """Why this key could do nothing; "" if it can."""
    check = _CHECKS.get(key.type)
    return check(key, there) if check else ""


def secretary_problem(value: str, there: Surroundings) -> str:
    """Why `value` is not the code of an own secretary, such as *592007; "" if it is (BOSS-2)."""
    if problem := _without_code(there, Feature.BOSS_SECRETARY):
        return problem
    code = there.snapshot.codes.code(Feature.BOSS_SECRETARY)
    boss = there.snapshot.get(Boss, there.owner)
    if boss is None:
        return f"{there.owner} is no boss: the administrator sets up boss and secretary first"
    secretaries = secretaries_of(boss, there.snapshot.get(RingGroup, boss.ring_group))
    known = ", ".join(f"{code}{one}" for one in secretaries[:5])
    if not value.startswith(code):
        return f"the code is {code}, and a secretary's number behind it: {known}"
    number = value.removeprefix(code)
    if number in secretaries:
        return ""
    return f"{number or 'nobody'} is no secretary of {there.owner}: use {known}"


def _blf(key: FunctionKey, there: Surroundings) -> str:
    if key.value == there.owner:
        return "this is the own extension: choose another"
    return "" if key.value in there.extensions else f"there is no extension {key.value}"


def _intercom(key: FunctionKey, there: Surroundings) -> str:
    return _blf(key, there) or _without_code(there, Feature.INTERCOM)


def _park(key: FunctionKey, there: Surroundings) -> str:
    parking = there.snapshot.parking
    if parking.has(key.value):
        return _without_code(there, Feature.PARK_AT)
    return f"{key.value} is no parking slot: they are from {parking.first_slot} to {parking.last_slot}"


def _pickup(key: FunctionKey, there: Surroundings) -> str:
    queue = there.snapshot.get(Queue, key.value)
    if queue is not None and there.owner not in queue.staff:
        return f"{there.owner} is neither agent nor manager of queue {key.value}"
    known = queue is not None or key.value in there.extensions
    if not known and there.snapshot.get(RingGroup, key.value) is None:
        return f"there is no extension, ring group or queue {key.value}"
    return _without_code(there, Feature.DIRECTED_PICKUP)


def _voicemail(key: FunctionKey, there: Surroundings) -> str:
    if (
        key.value
        and key.value not in there.extensions
        and there.snapshot.get(GroupMailbox, key.value) is None
    ):
        return f"there is no mailbox {key.value}"
    return _without_code(there, Feature.VOICEMAIL)


def _forward(key: FunctionKey, there: Surroundings) -> str:
    condition, to = key.forwarding
    if to == there.owner:
        return "this is the own extension: choose another"
    if to and is_emergency_number(there.snapshot, to):
        return f"{to} is an emergency number: only people may call it"
    on, off = _FORWARD[condition]
    return _without_code(there, on) or _without_code(there, off)


def _agent(key: FunctionKey, there: Surroundings, *, log_in: bool = False) -> str:
    """Of a queue in which the owner is an agent; only dynamic ones log in (Q-11)."""
    queues = there.snapshot.all(Queue)
    if key.value != ALL_QUEUES and key.value not in queues:
        return f"there is no queue {key.value}"
    mine = [queue for queue in queues.values() if there.owner in _agents(queue)]
    if not mine:
        return f"{there.owner} is an agent of no queue"
    known = ", ".join(queue.number for queue in mine[:5])
    if key.value != ALL_QUEUES and key.value not in {queue.number for queue in mine}:
        return f"{there.owner} is no agent of queue {key.value}: use {known} or {ALL_QUEUES}"
    meant = [queue for queue in mine if key.value in {ALL_QUEUES, queue.number}]
    if log_in and not any(there.owner in _agents(queue, dynamic=True) for queue in meant):
        return f"{there.owner} is a static agent there, and always logged in"
    return ""


def _agents(queue: Queue, *, dynamic: bool = False) -> set[str]:
    agents = queue.dynamic_agents if dynamic else (*queue.static_agents, *queue.dynamic_agents)
    return {agent.extension for agent in agents}


def _without_code(there: Surroundings, feature: Feature) -> str:
    if there.snapshot.codes.code(feature):
        return ""
    return f"the feature code {feature.value} is switched off: this key could do nothing"


_CHECKS: dict[KeyType, Callable[[FunctionKey, Surroundings], str]] = {
    KeyType.BLF: _blf,
    KeyType.INTERCOM: _intercom,
    KeyType.BOSS_SECRETARY: lambda key, there: secretary_problem(key.value, there),
    KeyType.PARK: _park,
    KeyType.PICKUP: _pickup,
    KeyType.VOICEMAIL: _voicemail,
    KeyType.FORWARD: _forward,
    KeyType.AGENT_LOGIN: lambda key, there: _agent(key, there, log_in=True),
    KeyType.AGENT_PAUSE: _agent,
}
