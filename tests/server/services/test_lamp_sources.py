"""KEY-2, KEY-4, VM-4: lamps of the own status and of mailboxes, for those whose they are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.contract.extensions import ExtensionCreate
from server.contract.features import FeatureCodes
from server.contract.pairs import Pair, PairState
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.queues import Queue
from server.contract.routing import RingGroup
from server.contract.voicemail import GroupMailbox
from server.services.directory import Directory
from server.services.hub import Hub
from server.services.lamp_sources import MailboxLamps, PairLamps, PresenceLamps
from server.services.presence import PresenceService
from server.switch.port import Lamp, LampState, Party, Recorded

ANNA = Party("1001", "Anna")
LIT, OUT = LampState.CONFIRMED, LampState.TERMINATED


@pytest.fixture
async def directory(core):
    for number in ("1001", "1002", "1003"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    directory = Directory(extensions=core.extensions)
    await directory.start()
    await core.voicemail.start(Hub())
    yield directory
    await core.voicemail.stop()
    directory.stop()


@pytest.fixture
def record(core):
    """A finished recording of the engine."""
    folder = core.settings.data / "asterisk/spool/recording/voicemail"
    folder.mkdir(parents=True)

    def make(name: str) -> Recorded:
        path: Path = folder / f"{name}.wav"
        path.write_bytes(b"RIFF")
        return Recorded(path, 3.0)

    return make


class Follower:
    """What a source told: lamps, None for others than before."""

    def __init__(self, source) -> None:
        self.told: list[Lamp | None] = []
        self.stop = source.observe(self.told.append)

    def lamps(self) -> list[Lamp | None]:
        told, self.told[:] = list(self.told), []
        return told


def lit(source) -> set[Lamp]:
    return {lamp for lamp in source.lamps() if source.state(lamp) is LIT}


async def test_a_mailbox_lights_for_those_who_hear_it_while_a_message_is_new_VM_4(core, directory, record):
    group = GroupMailbox(number="6500", name="Sales", members=("1001", "1003"))
    source = MailboxLamps(core.voicemail, directory, core.configuration)
    follower = Follower(source)
    await core.configuration.put(group, by="test")
    assert follower.lamps() == [None]
    own = {Lamp("*2", number) for number in ("1001", "1002", "1003")}
    assert set(source.lamps()) == own | {Lamp("*26500", "1001"), Lamp("*26500", "1003")}
    assert lit(source) == set()
    await core.voicemail.messages.add("1002", ANNA, record("a"))
    await core.voicemail.messages.add("6500", ANNA, record("b"))
    assert follower.lamps() == [Lamp("*2", "1002"), Lamp("*26500", "1001"), Lamp("*26500", "1003")]
    assert lit(source) == {Lamp("*2", "1002"), Lamp("*26500", "1001"), Lamp("*26500", "1003")}
    assert core.voicemail.waiting("1002") == (1, 0)
    await core.voicemail.messages.mark("6500", None)
    assert lit(source) == {Lamp("*2", "1002")}
    assert core.voicemail.waiting("6500") == (0, 1)
    await core.voicemail.messages.delete("1002", None)
    assert lit(source) == set()
    follower.stop()
    follower.lamps()
    await core.voicemail.messages.delete("6500", None)
    assert follower.lamps() == []


async def test_a_mailbox_of_a_queue_has_lamps_for_its_agents_as_of_now_VM_6(core, directory, record):
    def queue(agent: str) -> Queue:
        return Queue(number="6400", dynamic_agents=[{"extension": agent}])

    source = MailboxLamps(core.voicemail, directory, core.configuration)
    await core.configuration.put(queue("1001"), by="test")
    await core.configuration.put(GroupMailbox(number="6500", queues=["6400"]), by="test")
    follower = Follower(source)
    await core.voicemail.messages.add("6500", ANNA, record("a"))
    assert (follower.lamps(), lit(source)) == ([Lamp("*26500", "1001")], {Lamp("*26500", "1001")})
    await core.configuration.put(queue("1003"), by="test")
    assert follower.lamps() == [None]
    assert lit(source) == {Lamp("*26500", "1003")}
    await core.configuration.put(RingGroup(number="6200", members=["1002"]), by="test")
    assert follower.lamps() == [], "no mailbox is that of a ring group"


async def test_messages_that_are_there_at_the_start_are_counted_VM_4(core, directory, record):
    await core.voicemail.messages.add("1002", ANNA, record("a"))
    await core.voicemail.stop()
    core.voicemail._waiting.clear()
    await core.voicemail.start(Hub())
    assert core.voicemail.waiting("1002") == (1, 0)


class OwnedPairs:
    """An owner of pairs of bosses and secretary 2007."""

    def __init__(self, **states: PairState) -> None:
        self.known = {}
        self.observers = []
        for boss, state in states.items():
            self.put(boss.strip("_"), state)

    def put(self, boss: str, state: PairState | None, *, code: str = "*59") -> None:
        key = (boss, "2007")
        pair = None
        if state is None:
            del self.known[key]
        else:
            pair = self.known[key] = Pair(
                boss=boss, secretary="2007", boss_name="", secretary_name="",
                value=f"{code}2007" if code else "", state=state, since=datetime(2026, 3, 2, tzinfo=UTC),
            )  # fmt: skip
        for observer in self.observers:
            observer(key, pair)

    def all(self):
        return self.known

    def observe(self, callback):
        self.observers.append(callback)
        return lambda: self.observers.remove(callback)


def test_each_boss_sees_the_own_pair_at_the_same_value_BOSS_3_BOSS_5():
    pairs = OwnedPairs(_1001=PairState.IDLE, _1002=PairState.HELD)
    source = PairLamps(pairs)
    follower = Follower(source)
    one, other = Lamp("*592007", "1001"), Lamp("*592007", "1002")
    assert set(source.lamps()) == {one, other}
    shows = {
        PairState.IDLE: LampState.TERMINATED,
        PairState.ANSWERING: LampState.CONFIRMED,
        PairState.HELD: LampState.CONFIRMED_HELD,
        PairState.OFF: LampState.UNAVAILABLE,
        PairState.UNKNOWN: LampState.UNAVAILABLE,
    }
    for state, shown in shows.items():
        pairs.put("1001", state)
        assert source.state(one) is shown
    assert source.state(other) is LampState.CONFIRMED_HELD
    assert follower.lamps() == [one] * len(shows)


def test_a_pair_that_is_new_or_gone_or_has_another_code_means_other_lamps_BOSS_2():
    pairs = OwnedPairs(_1001=PairState.IDLE)
    source = PairLamps(pairs)
    follower = Follower(source)
    source.lamps()
    pairs.put("1002", PairState.IDLE)
    assert follower.lamps() == [None]
    source.lamps()
    pairs.put("1001", PairState.IDLE, code="*60")
    assert follower.lamps() == [None]
    assert set(source.lamps()) == {Lamp("*602007", "1001"), Lamp("*592007", "1002")}
    pairs.put("1002", None)
    assert follower.lamps() == [None]
    pairs.put("1001", PairState.IDLE, code="")
    assert follower.lamps() == [None]
    assert source.lamps() == []


async def test_the_own_status_lights_its_key_for_its_owner_alone_KEY_2(core, clock, directory):
    presence = PresenceService(
        db=core.db, clock=clock, directory=directory, reaching=core.reaching, audit=core.audit
    )
    await presence.start()
    source = PresenceLamps(presence, directory, core.configuration)
    follower = Follower(source)
    assert {lamp for lamp in lit(source) if lamp.watcher == "1001"} == {Lamp("*821", "1001")}
    await presence.change("1001", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
    assert {lamp for lamp in lit(source) if lamp.watcher == "1001"} == {
        Lamp("*81", "1001"),
        Lamp("*824", "1001"),
    }
    assert {lamp.watcher for lamp in follower.lamps()} == {"1001"}
    codes = FeatureCodes(do_not_disturb="*70", presence="")
    await core.configuration.put(codes, by="test")
    assert follower.lamps() == [None]
    assert set(source.lamps()) == {Lamp("*70", number) for number in ("1001", "1002", "1003")}
    assert lit(source) == {Lamp("*70", "1001")}
    follower.stop()
    await presence.stop()
