"""BOSS-1 to BOSS-5: secretaries answer, hold and give away the calls of their bosses; in virtual time."""

import asyncio

import pytest

from server.contract.boss import Boss
from server.contract.events import Topic
from server.contract.extensions import Role
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import CallerRule
from server.contract.routing import RingGroup
from server.flows.spoken import NOT_PERMITTED, PAUSE, words
from server.services.accounts import Who
from server.switch.port import LegState, Reason
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_parking import together
from tests.server.flows.test_ways import available, forwards, to
from tests.virtual_time import in_virtual_time

ANSWERS = Behaviour.answers(0.5)
ON, OFF = words("activated"), words("de-activated")


class Firm:
    """Anna (1001) calls; Boris (1002) is the boss, Cyril (1003) and Dana (1004) may be secretaries."""

    def __init__(self, place: Office, **boss) -> None:
        self.place = place
        place.configured.put(Boss(**{"name": "1002", "secretaries": ["1003"], **boss}))
        engine = place.engine
        self.anna = engine.phone("1001", Behaviour.rings())
        self.boris = engine.phone("1002", Behaviour.rings())
        self.cyril = engine.phone("1003", ANSWERS)
        self.dana = engine.phone("1004", Behaviour.rings())

    def state(self, secretary="1003", boss="1002") -> str:
        return str(self.place.pairs.get(boss, secretary).state)

    def waiting(self, secretary="1003", boss="1002") -> list[str]:
        return [call.number for call in self.place.pairs.get(boss, secretary).calls]

    async def answered(self, caller=None):
        """Somebody calls the boss, and the secretary answers."""
        before = len(self.cyril.calls)
        call = (caller or self.anna).call("1002")
        await asyncio.sleep(1)
        assert len(self.cyril.calls) == before + 1
        return call, self.cyril.calls[-1]

    async def held(self, caller=None):
        call, at_secretary = await self.answered(caller)
        self.cyril.hold(at_secretary)
        await asyncio.sleep(0.1)
        return call, at_secretary


@in_virtual_time
async def test_the_secretary_rings_instead_of_the_boss_and_is_told_for_whom_BOSS_1():
    async with office() as place:
        firm = Firm(place)
        place.presence.chosen["1002"] = await dnd(place)
        call = firm.anna.call("1002")
        await asyncio.sleep(0.3)
        (callee,) = firm.cyril.calls
        assert callee.headers["Diversion"].startswith('"Boris" <sip:1002@')
        assert callee.caller.number == "1001"
        assert firm.boris.calls == []
        assert firm.state() == "idle", "that it rings is no handling"
        await asyncio.sleep(0.7)
        assert together(place, call, callee)
        assert firm.state() == "answering"
        assert firm.waiting() == ["1001"]
        firm.anna.hang_up(call)
        await asyncio.sleep(0.1)
        assert firm.state() == "idle"
    assert place.log("1003") == [("incoming", "1001", "answered", None)]
    assert place.log("1002") == []


async def dnd(place):
    await place.presence.change("1002", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
    return place.presence.of("1002")


@pytest.mark.parametrize("why", ["no answer", "busy", "not there", "do not disturb", "switched off"])
@in_virtual_time
async def test_where_no_secretary_takes_it_the_call_is_the_bosss_own_BOSS_1(why):
    """BOSS-1, PRES-8."""
    async with office() as place:
        firm = Firm(place, ring_timeout_s=5, switched_off=["1003"] if why == "switched off" else [])
        firm.boris.behaviour = ANSWERS
        firm.cyril.behaviour = Behaviour.refuses(486) if why == "busy" else Behaviour.rings()
        if why == "not there":
            firm.cyril.unregister()
        if why == "do not disturb":
            await place.presence.change("1003", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        call = firm.anna.call("1002")
        await asyncio.sleep(6)
        (callee,) = firm.boris.calls
        assert together(place, call, callee)
        assert "Diversion" not in callee.headers
        assert firm.state() == ("off" if why == "switched off" else "idle")
        firm.anna.hang_up(call)
        await place.idle()
        missed = [
            ("incoming", "1001", why.replace("no answer", "missed"), 480 if why == "no answer" else 486)
        ]
        assert place.log("1003") == (missed if why in ("no answer", "busy") else [])
    assert place.log("1002") == [("incoming", "1001", "answered", None)]


@in_virtual_time
async def test_after_the_secretaries_presence_decides_PRES_8():
    async with office() as place:
        firm = Firm(place, ring_timeout_s=5)
        firm.cyril.behaviour = Behaviour.rings()
        firm.dana.behaviour = ANSWERS
        place.reaching.settings["1002"] = forwards(always="extension:1004")
        call = firm.anna.call("1002")
        await asyncio.sleep(6)
        assert together(place, call, firm.dana.calls[0])
        assert firm.boris.calls == []
        firm.anna.hang_up(call)


@in_virtual_time
async def test_a_rule_by_caller_id_comes_before_the_secretaries_PRES_8():
    async with office() as place:
        firm = Firm(place)
        rule = CallerRule(pattern="1001", destination=to("extension:1004"))
        place.reaching.settings["1002"] = available().model_copy(update={"caller_rules": (rule,)})
        call = firm.anna.call("1002")
        await asyncio.sleep(1)
        assert firm.cyril.calls == []
        assert len(firm.dana.calls) == 1
        firm.anna.hang_up(call)


@pytest.mark.parametrize("who", ["whitelist", "secretary", "internal"])
@in_virtual_time
async def test_who_reaches_the_boss_directly_BOSS_1(who):
    async with office() as place:
        firm = Firm(
            place,
            whitelist=["1001"] if who == "whitelist" else [],
            calls="external" if who == "internal" else "both",
        )
        caller = firm.cyril if who == "secretary" else firm.anna
        call = caller.call("1002")
        await asyncio.sleep(0.5)
        assert firm.cyril.calls == []
        assert len(firm.boris.calls) == 1
        caller.hang_up(call)


@in_virtual_time
async def test_a_call_that_comes_through_a_group_is_no_direct_one_PRES_7():
    async with office() as place:
        firm = Firm(place)
        place.configured.put(RingGroup(number="6200", members=["1002"]))
        call = firm.anna.call("6200")
        await asyncio.sleep(0.5)
        assert firm.cyril.calls == []
        assert len(firm.boris.calls) == 1
        firm.anna.hang_up(call)


@in_virtual_time
async def test_the_secretaries_may_be_a_ring_group_with_its_strategy_BOSS_1():
    async with office() as place:
        firm = Firm(place, secretaries=[], ring_group="6200")
        place.configured.put(
            RingGroup(
                number="6200", members=["1002", "1003", "1004"], strategy="sequential", ring_timeout_s=5
            )
        )
        firm.cyril.behaviour = Behaviour.rings()
        firm.dana.behaviour = ANSWERS
        assert [*place.pairs.all()] == [("1002", "1003"), ("1002", "1004")]
        call = firm.anna.call("1002")
        await asyncio.sleep(1)
        assert (len(firm.cyril.calls), len(firm.dana.calls), len(firm.boris.calls)) == (1, 0, 0)
        await asyncio.sleep(5)
        assert together(place, call, firm.dana.calls[0])
        assert (firm.state("1003"), firm.state("1004")) == ("idle", "answering")
        firm.anna.hang_up(call)


@pytest.mark.parametrize("by", ["phone", "server"])
@in_virtual_time
async def test_the_boss_takes_what_the_secretary_holds_BOSS_4(by):
    async with office() as place:
        firm = Firm(place)
        call, at_secretary = await firm.answered()
        if by == "phone":
            firm.cyril.hold(at_secretary)
        else:
            (live,) = place.calls.live()
            await place.control.hold(live.call.id, "1003", on=True)
        await asyncio.sleep(0.1)
        assert firm.state() == "held"
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        assert together(place, call, taken)
        assert not call.music
        assert taken.sounds == []
        assert at_secretary.state is LegState.GONE
        assert at_secretary.why is Reason.ANSWERED_ELSEWHERE
        assert firm.state() == "idle"
        firm.boris.hang_up(taken)
        await place.idle()
        assert call.state is LegState.GONE
    assert place.log("1002") == [("incoming", "1001", "answered", None)]
    assert place.log("1003") == [("incoming", "1001", "answered", None)]
    assert [outcome for _, _, outcome, _ in place.log("1001")] == ["answered", "answered"]


@pytest.mark.parametrize(
    ("number", "dialled"),
    [("1001", "*591003"), ("1003", "*591003"), ("1002", "*591004"), ("1002", "*591002")],
)
@in_virtual_time
async def test_the_code_is_for_the_boss_of_that_secretary_alone_BOSS_2(number, dialled):
    async with office() as place:
        firm = Firm(place)
        call, _ = await firm.held()
        others = {"1001": firm.anna, "1002": firm.boris, "1003": firm.cyril}
        refused = others[number].call(dialled)
        await asyncio.sleep(6)
        assert refused.sounds == [PAUSE, *NOT_PERMITTED]
        assert firm.state() == "held"
        firm.anna.hang_up(call)


@in_virtual_time
async def test_other_calls_of_the_secretary_change_nothing_BOSS_3():
    async with office() as place:
        firm = Firm(place)
        direct = firm.anna.call("1003")
        await asyncio.sleep(1)
        firm.cyril.hold(firm.cyril.calls[-1])
        own = firm.cyril.call("1004")
        await asyncio.sleep(1)
        assert firm.state() == "idle"
        firm.anna.hang_up(direct)
        firm.cyril.hang_up(own)


@in_virtual_time
async def test_each_pair_has_its_own_state_BOSS_5():
    """One secretary of two bosses, two secretaries of one boss."""
    async with office() as place:
        firm = Firm(place, secretaries=["1003", "1004"])
        place.configured.put(Boss(name="1001", secretaries=["1003"]))
        first, at_first = await firm.answered()  # for 1002
        second = firm.dana.call("1001")
        await asyncio.sleep(1)
        firm.cyril.hold(firm.cyril.calls[-1])
        await asyncio.sleep(0.1)
        assert firm.state() == "answering"
        assert firm.state("1003", "1001") == "held"
        assert firm.state("1004") == "idle"
        taken = firm.anna.call("*591003")
        await asyncio.sleep(0.2)
        assert {taken.id, second.id} in place.engine.bridges.values()
        assert firm.state() == "answering"
        assert at_first.state is LegState.UP
        firm.anna.hang_up(taken)
        firm.anna.hang_up(first)


@pytest.mark.parametrize("attended", [True, False], ids=["attended", "blind"])
@in_virtual_time
async def test_the_secretary_may_transfer_to_the_boss_instead_BOSS_1(attended):
    async with office() as place:
        firm = Firm(place)
        firm.boris.behaviour = ANSWERS
        call, at_secretary = await firm.held()
        if attended:
            asked = firm.cyril.call("1002")
            await asyncio.sleep(1)
            assert firm.state() == "held", "the boss could take it, too"
            firm.cyril.transfer(at_secretary, consultation=asked)
        else:
            firm.cyril.transfer(at_secretary, "1002")
        await asyncio.sleep(1)
        assert {call.id, firm.boris.calls[-1].id} in place.engine.bridges.values()
        assert firm.state() == "idle"
        firm.anna.hang_up(call)


@in_virtual_time
async def test_who_is_handed_over_to_the_secretary_of_a_boss_waits_for_that_boss_BOSS_3():
    """Dana asks for the boss, gets the secretary, and puts Anna through."""
    async with office() as place:
        firm = Firm(place)
        firm.dana.behaviour = ANSWERS
        call = firm.anna.call("1004")
        await asyncio.sleep(1)
        first = firm.dana.calls[0]
        firm.dana.hold(first)
        asked = firm.dana.call("1002")
        await asyncio.sleep(1)
        firm.dana.transfer(first, consultation=asked)
        await asyncio.sleep(1)
        assert (firm.state(), firm.waiting()) == ("answering", ["1001"])
        firm.cyril.hold(firm.cyril.calls[0])
        await asyncio.sleep(0.1)
        taken = firm.boris.call("*591003")
        await asyncio.sleep(0.2)
        assert together(place, call, taken)
        firm.boris.hang_up(taken)


@in_virtual_time
async def test_without_the_switch_every_pair_is_unknown_KEY_5():
    async with office() as place:
        firm = Firm(place)
        call, _ = await firm.held()
        place.switch.disconnect()
        await asyncio.sleep(0.1)
        assert firm.state() == "unknown"
        assert firm.waiting() == []
        place.switch.connect(restarted=False)
        await asyncio.sleep(0.5)
        assert (firm.state(), firm.waiting()) == ("held", ["1001"])
        firm.anna.hang_up(call)


@in_virtual_time
async def test_only_the_two_are_told_of_their_pair_and_each_change_once_BOSS_3():
    async with office() as place:
        firm = Firm(place)
        place.configured.put(Boss(name="1001", secretaries=["1004"]))
        told = []
        place.pairs.observe(lambda key, pair: told.append((key, str(pair.state) if pair else None)))
        published = []
        publish = place.hub.publish
        place.hub.publish = lambda topic, key, item, *, to=None: (
            published.append((key, to)) if topic is Topic.PAIRS else publish(topic, key, item, to=to)
        )
        seen = {}
        for number in ("1001", "1002", "1003", "1004"):
            who = Who(account_id=1, user=number, number=number, role=Role.USER, session_id="s")
            seen[number] = [*(await place.hub.snapshot(who, Topic.PAIRS))]
        assert seen == {
            "1001": ["1001/1004"], "1002": ["1002/1003"], "1003": ["1002/1003"], "1004": ["1001/1004"]
        }  # fmt: skip
        pair = place.pairs.get("1002", "1003")
        assert (pair.value, pair.boss_name, pair.secretary_name) == ("*591003", "Boris", "Cyril")
        call, at_secretary = await firm.held()
        (before,) = place.pairs.get("1002", "1003").calls
        await asyncio.sleep(5)
        firm.cyril.resume(at_secretary)
        await asyncio.sleep(0.1)
        (after,) = place.pairs.get("1002", "1003").calls
        assert (after.since - before.since).total_seconds() >= 5
        firm.anna.hang_up(call)
        await asyncio.sleep(0.1)
        place.extensions.drop("1003")
        pair = ("1002", "1003")
        assert told == [(pair, state) for state in ("answering", "held", "answering", "idle", None)]
        assert set(published) == {("1002/1003", "1002"), ("1002/1003", "1003")}


@in_virtual_time
async def test_two_bosses_who_are_each_others_secretaries_make_no_loop_BOSS_1():
    async with office() as place:
        firm = Firm(place, ring_timeout_s=5)
        place.configured.put(Boss(name="1003", secretaries=["1002"], ring_timeout_s=5))
        firm.cyril.behaviour = Behaviour.rings()
        call = firm.anna.call("1002")
        await asyncio.sleep(3)
        assert (len(firm.cyril.calls), len(firm.boris.calls)) == (1, 0)
        await asyncio.sleep(5)
        assert (len(firm.cyril.calls), len(firm.boris.calls)) == (1, 1)
        firm.anna.hang_up(call)
