"""BOSS-1: which calls go to the secretaries first, and how `route explain` tells it."""

import pytest
from pydantic import ValidationError

from server.contract.boss import Boss
from server.contract.decisions import DecisionKind, Rule
from server.contract.destinations import Destination
from server.contract.features import Feature
from server.contract.routing import InboundRoute, RingGroup
from server.contract.trunks import Trunk
from server.rules.boss_secretary import ForBoss, first_of, secretaries_of
from server.rules.diversion import diverted
from server.rules.routing import FromExtension, FromTrunk, route, snapshot_of
from tests.server.flows.office import extension
from tests.virtual_time import EPOCH

GROUP = RingGroup(number="6200", members=["2000", "2008", "2009"])
BOSS = Boss(name="2000", secretaries=["2007", "2008"], ring_group="6200")


def internal(caller="1001", **more):
    return ForBoss(caller, internal=True, **more)


def external(caller="+420777", **more):
    return ForBoss(caller, internal=False, **more)


def changed(**fields):
    return Boss.model_validate({**BOSS.model_dump(), **fields})


def test_every_secretary_is_there_once_and_never_the_boss_BOSS_5():
    assert secretaries_of(BOSS, GROUP) == ("2007", "2008", "2009")
    first = first_of(BOSS, GROUP, external())
    assert (first.secretaries, first.members) == (("2007", "2008"), ("2009",))


@pytest.mark.parametrize(
    ("boss", "call", "direct", "why"),
    [
        (BOSS, external(), False, "external calls go to 2007, 2008, 2009 first"),
        (BOSS, internal(), False, "internal calls go to"),
        (BOSS, internal("2007"), True, "2007 is a secretary"),
        (BOSS, internal("2009"), True, "2009 is a secretary"),
        (BOSS, external("2007"), False, "external calls go"),
        (BOSS, external(sent_by="2007"), True, "2007, who has sent it"),
        (BOSS, external(sent_by="2000"), True, "2000, who has sent it"),
        (BOSS, external(sent_by="1001"), False, "external calls go"),
        (changed(calls="internal"), external(), True, "only internal calls"),
        (changed(calls="internal"), internal(), False, "internal calls go"),
        (changed(calls="external"), internal(), True, "only external calls"),
        (changed(calls="external"), external(), False, "external calls go"),
        (changed(whitelist=["+42077X", "1003"]), external(), True, "+420777 is on the whitelist (+42077X)"),
        (changed(whitelist=["+42077X", "1003"]), internal("1003"), True, "1003 is on the whitelist"),
        (changed(whitelist=["+42077X"]), external("+420601"), False, "external calls go"),
        (changed(whitelist=["+42077X"]), external(""), False, "external calls go"),
        (changed(switched_off=["2007"]), external(), False, "go to 2008, 2009 first"),
        (changed(switched_off=["2007", "2008", "2009"]), external(), True, "switched off for 2007"),
    ],
)  # fmt: skip
def test_who_reaches_the_boss_directly_BOSS_1(boss, call, direct, why):
    first = first_of(boss, GROUP, call)
    assert first.anybody is not direct
    assert why in first.why
    assert not {*boss.switched_off, boss.name}.intersection((*first.secretaries, *first.members))


def test_a_boss_alone_in_its_group_has_no_secretary_BOSS_1():
    alone = Boss(name="2000", ring_group="6200")
    first = first_of(alone, RingGroup(number="6200", members=["2000"]), external())
    assert not first.anybody
    assert "only member" in first.why


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"secretaries": ["2000"]}, "cannot be its own secretary"),
        ({}, "give secretaries, or a ring_group"),
        ({"secretaries": ["2007", "2007"]}, "2007 is there twice"),
        ({"secretaries": ["2007"], "whitelist": ["_X"]}, "without the underscore"),
    ],
)
def test_what_cannot_be_a_boss_is_refused_with_the_reason_BOSS_1(fields, why):
    with pytest.raises(ValidationError, match=why):
        Boss(name="2000", **fields)


PEOPLE = {number: extension(number) for number in ("1001", "2000", "2007", "2008", "2009")}
OFFICE = snapshot_of(
    (
        BOSS,
        GROUP,
        Trunk(name="main", kind="peer", host="192.0.2.1"),
        InboundRoute(name="all", trunks=["main"], destination=Destination.parse("extension:2000")),
    )
)


@pytest.mark.parametrize(
    ("call", "matched"),
    [
        (FromExtension("1001", "2000"), True),
        (FromExtension("2007", "2000"), False),
        (FromTrunk("main", "530", "+420777"), True),
    ],
)
def test_the_explanation_of_a_route_has_the_step_and_why_BOSS_1(call, matched):
    decision = route(OFFICE, PEOPLE, call, EPOCH)
    assert (decision.kind, decision.number) == (DecisionKind.EXTENSION, "2000")
    (step,) = [one for one in decision.steps if one.rule is Rule.BOSS_SECRETARY]
    assert (step.name, step.matched) == ("2000", matched)
    assert step.reason == first_of(
        BOSS, GROUP, internal(call.extension) if isinstance(call, FromExtension) else external()
    ).why  # fmt: skip
    others = route(OFFICE, PEOPLE, FromExtension("1001", "2007"), EPOCH)
    assert Rule.BOSS_SECRETARY not in [one.rule for one in others.steps]


def test_the_code_names_the_pair_KEY_2():
    decision = route(OFFICE, PEOPLE, FromExtension("2000", "*592007"), EPOCH)
    assert (decision.feature, decision.number) == (Feature.BOSS_SECRETARY, "2007")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Bob Boss", '"Bob Boss" '), ("", ""), ('Bob "B" \\Boss\r\nX: y', '"Bob \\"B\\" \\\\BossX: y" ')],
)
def test_a_name_in_the_diversion_header_stays_within_it_BOSS_1(name, shown):
    assert diverted("2000", name) == {
        "Diversion": f"{shown}<sip:2000@diverted.invalid>;reason=unconditional;counter=1"
    }


@pytest.mark.parametrize(("waited_s", "written"), [(65.9, 65), (0.0, 0), (-0.5, 0)])
def test_a_queue_tells_how_long_the_caller_has_waited_Q_4(waited_s, written):
    header = diverted("6400", "Support", waited_s=waited_s)["Diversion"]
    assert header.startswith('"Support" <sip:6400@diverted.invalid>;')
    assert header.endswith(f";waited={written}")
