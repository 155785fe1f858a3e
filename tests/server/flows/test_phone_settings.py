"""CODE-1: what a phone changes by dialling a code, and what it is told; in virtual time."""

import asyncio

import pytest

from server.contract.destinations import Destination
from server.contract.errors import ErrorCode
from server.contract.hours import ByHand, TimeCondition
from server.contract.presence import Presence, PresenceStatus
from server.contract.reaching import ReachingSettings
from server.contract.routing import InboundRoute, RingGroup
from server.contract.time_switches import TimeSwitch
from server.contract.trunks import Trunk
from server.flows.phone_settings import BY_HAND, FORWARDING, HOURS, IS_SET_TO, OFF, ON
from server.flows.spoken import FAULT, INVALID, NOT_PERMITTED, PAUSE, words
from server.rules.routing import FromTrunk, route, snapshot_of
from server.services.errors import ServiceError
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, extension, office
from tests.server.flows.test_ways import to
from tests.virtual_time import EPOCH, in_virtual_time

ALWAYS, NO_ANSWER, BUSY = (FORWARDING[condition] for condition in ("always", "no_answer", "busy"))


async def dial(place: Office, code: str, number: str = "1001") -> tuple[Sound, ...]:
    """What a phone of this extension hears that dials a code; it is hung up afterwards."""
    phone = next((phone for phone in place.engine.phones if phone.number == number), None)
    dialog = (phone or place.engine.phone(number)).call(code)
    await asyncio.sleep(0.1)
    assert dialog.state is LegState.UP, "it is answered"
    await place.idle()
    assert dialog.state is LegState.GONE, "it is hung up"
    assert dialog.told is None
    pause, *said = dialog.sounds
    assert pause == PAUSE
    return tuple(said)


def available(place: Office):
    return place.reaching.of("1001").statuses.available


@pytest.mark.parametrize(
    ("on", "off", "condition", "said"),
    [
        ("*31", "*031", "always", ALWAYS),
        ("*32", "*032", "busy", BUSY),
        ("*33", "*033", "no_answer", NO_ANSWER),
    ],
)
@in_virtual_time
async def test_forwarding_is_switched_and_the_last_destination_is_kept_CODE_1(on, off, condition, said):
    async with office() as place:
        assert await dial(place, f"{on}1002") == (*said, *IS_SET_TO, Sound.digits("1002"))
        for origin in ("internal", "external"):
            assert getattr(getattr(available(place), origin), condition) == to("extension:1002")
        assert await dial(place, off) == (*said, *OFF)
        for origin in ("internal", "external"):
            assert getattr(getattr(available(place), origin), condition) is None
        assert await dial(place, on) == (*said, *IS_SET_TO, Sound.digits("1002"))
        assert getattr(available(place).external, condition) == to("extension:1002")
        assert place.reaching.of("1001").statuses.away == ReachingSettings().statuses.away
    assert place.store.log == {}, "what was done is no call"


@in_virtual_time
async def test_the_next_call_follows_the_code_CODE_1():
    async with office() as place:
        place.engine.phone("1001", Behaviour.rings())
        await dial(place, "*311002")
        boris = place.engine.phone("1002", Behaviour.answers(0.5, hangs_up_after_s=1.0))
        place.engine.phone("1003").call("1001")
        await place.idle()
        assert len(boris.calls) == 1


@in_virtual_time
async def test_forwarding_leads_to_groups_numbers_outside_and_the_own_mobile_CODE_1():
    async with office() as place:
        place.configuration.append(
            RingGroup(number="620", members=("1002",), destination=to("hang_up"), ring_timeout_s=10)
        )
        place.extensions.put(extension("1001").model_copy(update={"mobile": "+420601234567"}))
        assert await dial(place, "*33") == (*NO_ANSWER, *ON)
        assert available(place).internal.no_answer == to("mobile")
        await dial(place, "*33620")
        assert available(place).internal.no_answer == to("ring_group:620")
        await dial(place, "*3300420530335533")
        assert available(place).internal.no_answer == to("external:00420530335533")


@in_virtual_time
async def test_a_refusal_is_spoken_changes_nothing_and_is_logged_CODE_1():
    async with office() as place:
        assert await dial(place, "*31") == INVALID, "there is no last destination"
        assert await dial(place, "*31*4") == INVALID
        place.reaching.fail = ServiceError(ErrorCode.INVALID, "112 is an emergency number")
        assert await dial(place, "*31112") == INVALID
        place.reaching.fail = OSError("the disk is full")
        assert await dial(place, "*311002") == FAULT
        place.presence.chosen["1001"] = Presence(status=PresenceStatus.DO_NOT_DISTURB, note="", since=EPOCH)
        assert await dial(place, "*321002") == NOT_PERMITTED, "not under do not disturb"
        assert place.reaching.settings == {}
    outcomes = [outcome for _, _, outcome, _ in place.log("1001")]
    assert outcomes == ["unknown_number", "unknown_number", "unknown_number", "failed", "failed"]


@in_virtual_time
async def test_do_not_disturb_and_presence_by_code_CODE_1():
    async with office() as place:
        for code, status, said in (
            ("*81", PresenceStatus.DO_NOT_DISTURB, (*words("do-not-disturb"), *ON)),
            ("*081", PresenceStatus.AVAILABLE, (*words("do-not-disturb"), *OFF)),
            ("*825", PresenceStatus.LUNCH_BREAK, (Sound.digits("5"), *ON)),
            ("*081", PresenceStatus.LUNCH_BREAK, (*words("do-not-disturb"), *OFF)),
            ("*824", PresenceStatus.DO_NOT_DISTURB, (*words("do-not-disturb"), *ON)),
            ("*821", PresenceStatus.AVAILABLE, (Sound.digits("1"), *ON)),
            ("*829", PresenceStatus.AVAILABLE, INVALID),
            ("*8211", PresenceStatus.AVAILABLE, INVALID),
        ):
            assert await dial(place, code) == said
            assert place.presence.of("1001").status is status


@in_virtual_time
async def test_who_hangs_up_early_has_done_it_all_the_same_CODE_1():
    async with office() as place:
        phone = place.engine.phone("1001")
        for early_s in (0.0005, 0.003, 0.5):
            dialog = phone.call("*311002")
            await asyncio.sleep(early_s)
            phone.hang_up(dialog)
            await place.idle()
            assert available(place).internal.always == Destination(kind="extension", value="1002")
            place.reaching.settings.clear()
    assert place.store.log == {}


def office_hours() -> TimeCondition:
    return TimeCondition.model_validate(
        {"name": "office", "periods": [{"days": ["monday"], "start": "09:00", "end": "17:00"}]}
    )


@in_virtual_time
async def test_a_time_condition_is_switched_by_who_may_CODE_1():
    async with office() as place:
        place.configuration += [
            office_hours(),
            TimeSwitch(digits="7", time_condition="office", extensions=("1001",)),
        ]
        for code, state in (("*991", ByHand.OPEN), ("*9927", ByHand.CLOSED), ("*990", ByHand.AUTOMATIC)):
            assert await dial(place, code) == BY_HAND[state]
            assert place.configured.snapshot.get(TimeCondition, "office").by_hand is state
        for code, number in (("*991", "1002"), ("*9918", "1001")):
            assert await dial(place, code, number) == NOT_PERMITTED
        assert await dial(place, "*995") == INVALID
        assert place.configured.changed_by == ["1001"] * 3
        assert place.configured.snapshot.get(TimeCondition, "office").by_hand is ByHand.AUTOMATIC
    assert HOURS[0] in BY_HAND[ByHand.OPEN]


@pytest.mark.parametrize(("by_hand", "goes"), [("open", "1002"), ("closed", "1003")])
def test_what_was_switched_by_hand_decides_and_is_explained_CODE_1(by_hand, goes):
    snapshot = snapshot_of(
        [
            office_hours().model_copy(update={"by_hand": ByHand(by_hand)}),
            Trunk(name="main", kind="peer", host="192.0.2.1"),
            InboundRoute(
                name="in",
                trunks=("main",),
                timed=({"time_condition": "office", "destination": to("extension:1002")},),
                destination=to("extension:1003"),
            ),
        ]
    )
    known = {number: extension(number) for number in ("1002", "1003")}
    decision = route(snapshot, known, FromTrunk("main", "500"), EPOCH)
    assert decision.number == goes
    assert any(step.reason.startswith(f"'office' is {by_hand} by hand") for step in decision.steps)
