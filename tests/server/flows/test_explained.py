"""ADMIN-2: `route explain` says what really happens, for random configurations, callers, numbers and moments.

Phones are busy and carriers congested, so that a call goes everywhere it may before its caller is told; what
answers is a machine, known by what it says first. What an explanation does not know is left out here: limits
of trunks, and how an extension wants to be reached.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract.call_flows import CallFlow, FlowStep, Origin
from server.contract.conference import Conference
from server.contract.decisions import Decision, DecisionKind, Refusal, RouteQuery
from server.contract.destinations import Destination, DestinationKind
from server.contract.features import Feature
from server.contract.hours import ByHand, Holidays, TimeCondition, Weekday, WeeklyPeriod
from server.contract.ivr import Ivr
from server.contract.parking import Parking
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.routing import (
    DialPattern,
    EmergencyNumber,
    InboundRoute,
    OutboundRoute,
    RingGroup,
    RingStrategy,
    SystemSettings,
    TimedDestination,
)
from server.contract.trunks import Trunk
from server.contract.voicemail import GroupMailbox
from server.flows.conference import ALONE
from server.flows.features import SETTINGS
from server.flows.spoken import PAUSE
from server.flows.voicemail_prompts import PIN, built_in_greeting
from server.rules.intercom import AUTO_ANSWER
from server.rules.routing import FromTrunk, route, snapshot_of
from server.services.routing import Routing
from server.switch.port import LegState, SipTrunk, Sound, TrunkKind
from server.switch.simulated import Behaviour
from server.switch.simulated.carrier import number_in
from tests.server.flows.office import MemoryExtensions, Office, extension, office
from tests.virtual_time import EPOCH, run

CALLS = 40
CONFIGURATIONS = 60
"""So many calls in each of so many configurations: 2,400, of which more than 1,000 are not refused."""

WITH_A_PHONE = ("1001", "1002", "1003", "1005")
DISABLED = "1003"
EXTENSIONS = (*WITH_A_PHONE, "1004")
CARRIERS = ("one", "two")

MENU, ROOM, BOX, LINE = "650", "660", "670", "680"
"""A menu, a conference room, and the mailbox of a group; 640 to 649 are parking slots."""

ELIN = "+420112112112"

NO_MESSAGES = Sound.prompt("vm-youhave")
"""How the menu of a mailbox begins: how many messages there are."""

TOLD = {
    Refusal.INVALID_NUMBER: 404,
    Refusal.UNKNOWN_NUMBER: 404,
    Refusal.UNKNOWN_CALLER: 403,
    Refusal.FORBIDDEN: 403,
    Refusal.OUTSIDE_HOURS: 403,
    Refusal.NO_TRUNK: 503,
}
"""The SIP status by which each refusal is told."""

one_of = st.sampled_from


@dataclass(frozen=True, slots=True)
class Lately:
    """An emergency call that was made, so many minutes before the call that is explained."""

    extension: str
    number: str
    trunk: str
    shown: str
    minutes_ago: int


def some(values, *, at_least=0, at_most=3):
    """Some of these, each once."""
    return st.lists(values, min_size=at_least, max_size=at_most, unique=True).map(tuple)


trunk_names = some(one_of(["one", "two", "gone"]), at_least=1)
conditions = one_of(["office", "night", "gone"])
places = """
    extension:1001 extension:1003 extension:1004 extension:1009 ring_group:620 ring_group:699 hang_up
    external:0777123456 external:112 external:0112 external:1002 external:650 external:*2 external:640
    ivr:650 ivr:651 queue:680 queue:681 conference:660 conference:661 prompt:closing prompt:gone
    call_flow:by-day call_flow:by-caller call_flow:both call_flow:gone
    voicemail:1002 voicemail:1003 voicemail:1009 group_voicemail:670 group_voicemail:671
"""
destinations = one_of(places.split()).map(Destination.parse)
rewritings = (
    "0.|1| 00.|0| 00420.|5|0 +420.|4| X.|0|00 ZXX!|0| [1-3]XX|0| *9.|2| 9.|1|1 1001|0|0 0!|0|" + "9" * 31
)
patterns = one_of(rewritings.split()).map(
    lambda text: DialPattern(**dict(zip(("pattern", "strip", "prepend"), text.split("|"), strict=True)))
)
permissions = one_of(
    [{"everybody": True}, {"everybody": True}, {"extensions": ("1001", "1003")}, {"groups": ("sales",)}]
)
clock_times = st.tuples(st.integers(0, 23), one_of([0, 15, 30, 59])).map(lambda at: f"{at[0]:02}:{at[1]:02}")
mostly = one_of([True] * 9 + [False])


@st.composite
def periods(draw) -> WeeklyPeriod:
    start, end = draw(some(clock_times, at_least=2, at_most=2))
    return WeeklyPeriod(days=draw(some(one_of(list(Weekday)), at_least=1, at_most=7)), start=start, end=end)


@st.composite
def outbound(draw, name: str) -> OutboundRoute:
    return OutboundRoute(
        name=name,
        position=draw(st.integers(0, 2)),
        patterns=draw(some(patterns, at_least=1)),
        trunks=draw(trunk_names),
        time_condition=draw(st.none() | conditions),
        enabled=draw(mostly),
        **draw(permissions),
    )


@st.composite
def inbound(draw, name: str) -> InboundRoute:
    times = st.fixed_dictionaries({"time_condition": conditions}) | st.just({"holidays": "feasts"})
    timed = st.tuples(times, destinations).map(lambda both: TimedDestination(**both[0], destination=both[1]))
    return InboundRoute(
        name=name,
        position=draw(st.integers(0, 2)),
        trunks=draw(one_of([(), (), ("one",), ("two", "gone")])),
        did_pattern=draw(one_of(["", "", "", "", "53!", "0!"])),
        caller_pattern=draw(one_of(["", "", "", "", "777.", "1001"])),
        timed=draw(some(timed)),
        destination=draw(destinations),
        enabled=draw(mostly),
    )


@st.composite
def flows(draw, name: str) -> CallFlow:
    """One that leads to no later one, as the checks of the configuration would have it."""
    earlier = {"by-day": 0, "by-caller": 1, "both": 2}[name]
    names = ["call_flow:by-day", "call_flow:by-caller"][:earlier]
    there = destinations.filter(lambda to: to.kind is not DestinationKind.CALL_FLOW or str(to) in names)
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        conditioned = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "time_condition": conditions,
                    "holidays": one_of(["feasts", "gone"]),
                    "origin": one_of(Origin),
                    "callers": some(one_of(["777.", "1001", "X!"]), at_least=1),
                },
            ).filter(bool)
        )
        steps.append(FlowStep(destination=draw(there), **conditioned))
    return CallFlow(name=name, steps=steps, destination=draw(there))


@st.composite
def configurations(draw) -> list:
    objects = [
        SystemSettings(time_zone=draw(one_of(["UTC", "Europe/Prague", "America/New_York", "Nowhere/There"]))),
        Parking(first_slot="640", last_slot="649"),
        Prompt(name="greeting"),
        Prompt(name="closing"),
        Ivr(number=MENU, prompt="greeting", choices=[{"key": "1", "destination": {"kind": "hang_up"}}]),
        Queue(number=LINE, join_announcement="greeting"),
        Conference(number=ROOM),
        GroupMailbox(number=BOX, members=("1002",)),
        Holidays(name="feasts", dates=[{"first": "2024-12-24", "last": "2024-12-26", "yearly": True}]),
        RingGroup(
            number="620",
            members=draw(some(one_of(["1001", "1002", "1003", "1004", "1009"]), at_least=1, at_most=5)),
            strategy=draw(one_of(RingStrategy)),
            destination=Destination.parse("hang_up"),
        ),
    ]
    for name in ("office", "night"):
        excepted = draw(one_of([(), ("feasts",), ("gone",)]))
        weekly = draw(some(periods(), at_least=1, at_most=2))
        by_hand = draw(one_of([ByHand.AUTOMATIC] * 4 + [ByHand.OPEN, ByHand.CLOSED]))
        objects.append(TimeCondition(name=name, periods=weekly, except_holidays=excepted, by_hand=by_hand))
    for name in CARRIERS:
        shown, dids = draw(one_of(["", "+420530000000"])), draw(one_of([(), (), (), ("530", "0112")]))
        objects.append(
            Trunk(
                name=name,
                kind="peer",
                host="192.0.2.1",
                caller_id_number=shown,
                dids=dids,
                enabled=draw(mostly),
            )
        )
    for number in draw(some(one_of(["112", "777"]), at_most=2)):
        elin, minutes = draw(one_of(["", ELIN])), draw(one_of([0, 60, 60]))
        objects.append(
            EmergencyNumber(
                number=number, trunks=draw(trunk_names), caller_id_number=elin, call_back_minutes=minutes
            )
        )
    objects += [draw(flows(name)) for name in ("by-day", "by-caller", "both")]
    objects += [draw(outbound(name)) for name in "abcd"]
    objects += [draw(inbound(name)) for name in "efg"]
    return objects


well_known = """
    112 0112 777 9112 *9112 420112112112 112112112
    1001 1002 1003 1004 620 699 530 abc 640 645 650 651 660 661 670 671 680 681
"""
codes = """
    *2 *21001 *21002 *21009 *12 *121002 *121003 *121009 *12670 *4 *41 *04 *041002 *5 *05640 *05 *511002
    *521001 *531009 *61001 *61002 *61003 *61009 *6112 *31 *311002 *031 *321003 *032 *330777123456 *033
    *81 *081 *811 *821 *824 *82 *991 *99 *1 *01 *03 *031002 *31* #2 ##
"""
beginnings = one_of(["0", "0 777 ", "00", "00420 ", "+420 530-", "9", "2", "53", "0" * 30])
numbers = (
    one_of(well_known.split())
    | one_of(well_known.split())
    | one_of(codes.split())
    | st.builds(str.__add__, beginnings, st.text("0123456789", max_size=9))
)
moments = st.builds(
    lambda minutes, seconds: (
        datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * minutes, seconds=seconds)
    ),
    st.integers(0, 2 * 366 * 24 * 4),
    one_of([0, 0, 59, 60, 14 * 60 + 59]),
)
callers = one_of(["1001", "1002", "1005"] * 4 + [DISABLED]).map(
    lambda number: {"extension": number}
) | st.fixed_dictionaries(
    {
        "trunk": one_of(CARRIERS),
        "caller": one_of(["", "777123456", "1001"]),
        "psap_callback": one_of([False, False, True]),
    }
)
emergencies = st.builds(
    Lately,
    extension=one_of(EXTENSIONS),
    number=one_of(["112", "112", "777"]),
    trunk=one_of(CARRIERS),
    shown=one_of([ELIN, "+420530000000", "1001"]),
    minutes_ago=one_of([0, 59, 61, 1441]),
)
queries = st.builds(
    lambda who, number, at: RouteQuery(dialled=number, at=at, **who), callers, numbers, moments
)


class Configured:
    """Stands for `services.configuration.Configuration`."""

    def __init__(self, place: Office) -> None:
        self._place = place

    @property
    def snapshot(self):
        return snapshot_of(self._place.configuration)


@dataclass(frozen=True, slots=True)
class Happened:
    """What becomes of a call.

    Attributes:
        invites: in order: phone or trunk, number there, caller shown.
        told: the status of a refusal; None: it was answered.
        said: what a machine says first.
        itself: whether phones were asked to answer by themselves.
    """

    invites: tuple[tuple[str, str, str], ...] = ()
    told: int | None = None
    said: tuple[Sound, ...] = ()
    itself: bool = False


def spoken(prompt: str) -> Sound:
    """What is heard of a prompt."""
    return Sound.file(Path(f"/prompts/en-{prompt}"))


async def open_with(place: Office, objects: list) -> None:
    place.configuration += objects
    place.configured.put(next(item for item in objects if isinstance(item, Queue)))
    place.engine.files |= {Path(spoken(prompt).value): 4.0 for prompt in ("greeting", "closing")}
    place.voicemail.groups = {BOX: ("1002",)}
    place.extensions.put(place.extensions.known["1001"].model_copy(update={"groups": ["sales"]}))
    place.extensions.put(extension(DISABLED, enabled=False))
    for number in WITH_A_PHONE:
        place.engine.phone(number, Behaviour.refuses(486))
    for name in CARRIERS:
        place.engine.carrier(name).behaviour_in = lambda _: Behaviour.refuses(503)
    trunks = [SipTrunk(name=name, kind=TrunkKind.PEER, host="192.0.2.1") for name in CARRIERS]
    await place.switch.push_trunks(trunks)


def it_is(place: Office, moment: datetime) -> None:
    """Set the clock."""
    place.clock.offset = moment - EPOCH - timedelta(seconds=asyncio.get_running_loop().time())


def called_lately(place: Office, made: list[Lately], now: datetime) -> None:
    """So these emergency calls were made, and no others."""
    place.emergencies._made.clear()
    for number, one in enumerate(made):
        it_is(place, now - timedelta(minutes=one.minutes_ago))
        place.emergencies.begun(
            f"earlier-{number}",
            extension=one.extension,
            number=one.number,
            trunk=one.trunk,
            shown=one.shown,
        )
    it_is(place, now)


async def really(place: Office, query: RouteQuery) -> Happened:
    """Make the call; whatever it has changed is as it was afterwards."""
    it_is(place, query.at)
    ends = [*place.engine.phones, *place.engine.carriers.values()]
    before = {end: len(end.calls) for end in ends}
    if query.trunk:
        caller = place.engine.carriers[query.trunk]
        call = caller.call(query.dialled, caller=query.caller, psap_callback=query.psap_callback)
    else:
        caller = next(phone for phone in ends if phone.number == query.extension)
        call = caller.call(query.dialled)
    for _ in range(100):
        if call.state is LegState.GONE or len(call.sounds) > 1:
            break
        await asyncio.sleep(0.05)
    if call.state is not LegState.GONE:
        caller.hang_up(call)
        await place.idle()
    place.reaching.settings.clear()
    place.presence.chosen.clear()
    new = [dialog for end in ends for dialog in end.calls[before[end] :]]
    new.sort(key=lambda dialog: int(dialog.id.split("-")[1]))
    return Happened(
        invites=tuple(
            (
                dialog.trunk or dialog.number,
                number_in(dialog) if dialog.trunk else dialog.number,
                dialog.caller.number,
            )
            for dialog in new
        ),
        told=call.told,
        said=tuple(call.sounds[:2]),
        itself=any(dialog.headers == AUTO_ANSWER for dialog in new),
    )


def expected(place: Office, query: RouteQuery, decision: Decision) -> Happened:
    """What must follow from a decision."""
    own = query.caller if query.trunk else query.extension
    enabled = set(place.extensions.enabled())
    callable_ = [number for number in WITH_A_PHONE if number in enabled and number != query.extension]
    match decision.kind:
        case DecisionKind.REFUSED:
            return Happened(told=TOLD[decision.refusal])
        case DecisionKind.HANG_UP:
            return Happened(told=603)
        case DecisionKind.EXTENSION if decision.number in callable_:
            return Happened(((decision.number, decision.number, own),), 486)
        case DecisionKind.EXTENSION:
            return Happened(told=486 if decision.number == query.extension else 480)
        case DecisionKind.RING_GROUP:
            group = snapshot_of(place.configuration).get(RingGroup, decision.number)
            rung = [number for number in group.members if number in callable_]
            return Happened(tuple((number, number, own) for number in rung), 603)
        case DecisionKind.PROMPT:
            return Happened(said=(spoken("closing"),))
        case DecisionKind.IVR | DecisionKind.QUEUE:
            return Happened(said=(spoken("greeting"),))
        case DecisionKind.CONFERENCE:
            return Happened(said=(ALONE,))
        case DecisionKind.VOICEMAIL | DecisionKind.GROUP_VOICEMAIL:
            return greeted(decision.number)
        case DecisionKind.PARKING_SLOT:
            return Happened(told=404)
        case DecisionKind.FEATURE:
            return done(query.extension, decision, enabled)
    there = [choice for choice in decision.trunks if choice.trunk in CARRIERS]
    sent = ((choice.trunk, decision.number, choice.caller_number or own) for choice in there)
    return Happened(tuple(sent), 503)


def called_back(place: Office, query: RouteQuery, decision: Decision) -> Happened:
    """The phone of who has called for help rings first; it is busy, as all are."""
    has_a_phone = decision.number in WITH_A_PHONE
    rung = ((decision.number, decision.number, query.caller),) if has_a_phone else ()
    call = FromTrunk(query.trunk, query.dialled, query.caller)
    usual = route(snapshot_of(place.configuration), place.extensions.enabled(), call, query.at)
    ends = usual.kind in (DecisionKind.REFUSED, DecisionKind.HANG_UP)
    if ends or (usual.kind, usual.number) == (DecisionKind.EXTENSION, decision.number):
        return Happened(rung, 486 if has_a_phone else 480)
    then = expected(place, query, usual)
    # A ring group in which nobody else can be called is not rung anew.
    return replace(then, invites=rung if then.invites == rung else rung + then.invites)


def greeted(box: str) -> Happened:
    """A mailbox takes the call."""
    return Happened(said=built_in_greeting(box, group=box == BOX)[:2])


def done(own: str, decision: Decision, enabled: set[str]) -> Happened:
    """A feature code was dialled: nothing rings that could be taken, and nobody may listen."""
    number, boxes = decision.number, {*enabled, BOX}
    match decision.feature:
        case feature if feature in SETTINGS:
            return Happened(said=(PAUSE,))
        case Feature.LISTEN | Feature.WHISPER | Feature.BARGE:
            return Happened(told=403)
        case Feature.LEAVE_MESSAGE if number in boxes:
            return greeted(number)
        case Feature.VOICEMAIL if number in {"", own}:
            return Happened(said=(NO_MESSAGES,))
        case Feature.VOICEMAIL if number in boxes:
            return Happened(said=PIN)
        case Feature.INTERCOM if number == own:
            return Happened(told=486)
        case Feature.INTERCOM if number in enabled:
            if number in WITH_A_PHONE:
                return Happened(((number, number, own),), 486, itself=True)
            return Happened(told=480)
    return Happened(told=404)


@settings(max_examples=CONFIGURATIONS)
@given(
    objects=configurations(),
    asked=st.lists(st.tuples(queries, st.lists(emergencies, max_size=3)), min_size=CALLS, max_size=CALLS),
)
def test_an_explanation_is_what_really_happens_ADMIN_2(objects, asked):
    async def ask_and_call() -> None:
        async with office(extensions=MemoryExtensions(EXTENSIONS)) as place:
            await open_with(place, objects)
            routing = Routing(
                configuration=Configured(place),
                extensions=place.extensions,
                clock=place.clock,
                emergencies=place.emergencies.recent,
            )
            for query, made in asked:
                called_lately(place, made, query.at)
                decision = (await routing.explain(query)).decision
                follows = called_back if decision.emergency_call_back else expected
                wanted = follows(place, query, decision)
                happened = await really(place, query)
                happened = replace(happened, said=happened.said[: len(wanted.said)])
                assert happened == wanted, decision

    run(ask_and_call())
