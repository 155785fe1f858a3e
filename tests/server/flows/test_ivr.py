"""ADMIN-2: menus, in virtual time."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.contract.destinations import Destination
from server.contract.ivr import Choice, Ivr
from server.contract.prompts import Prompt
from server.switch.port import LegState, Sound
from server.switch.simulated import Behaviour
from tests.server.flows.office import Office, office
from tests.server.flows.test_ways import forwards, to
from tests.virtual_time import in_virtual_time, run

WELCOME = Sound.file(Path("/prompts/en-welcome"))
WRONG = Sound.file(Path("/prompts/en-wrong"))
INSTEAD = Sound.prompt("beeperr")


def menu(number: str = "6500", *, keys: dict[str, str], **more: object) -> Ivr:
    """A menu whose keys lead to these destinations; times that are easy to tell apart."""
    choices = tuple(Choice(key=key, destination=to(where)) for key, where in keys.items())
    given = {"prompt": "welcome", "wrong_prompt": "wrong", "plays": 2, "tries": 2} | more
    return Ivr(number=number, choices=choices, **given)


def configure(place: Office, *menus: Ivr) -> None:
    place.engine.files |= {Path(WELCOME.value): 4.0, Path(WRONG.value): 1.5}
    place.configuration += [Prompt(name="welcome"), Prompt(name="wrong"), *menus]


@in_virtual_time
async def test_a_key_ends_the_prompt_at_once_and_the_call_goes_where_it_leads_ADMIN_2():
    async with office() as place:
        configure(place, menu(keys={"1": "extension:1002", "2": "extension:1003"}))
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(2.0))
        call = anna.call("6500")
        await asyncio.sleep(0.3)
        assert (call.state, call.sounds) == (LegState.UP, [WELCOME])
        anna.press(call, "1")
        await asyncio.sleep(1.0)
        assert call.playback is None
        assert call.tone, "who has chosen hears it ring"
        await asyncio.sleep(2.0)
        assert boris.calls[0].state is LegState.UP
        assert not call.tone
        anna.hang_up(call)
        await place.idle()
        assert place.log("1001") == [("outgoing", "1002", "answered", None)]
        assert place.log("1002") == [("incoming", "1001", "answered", None)]
        assert place.entry("1002").talk_s < 1.0, "the menu is no talk"


@in_virtual_time
async def test_who_presses_nothing_hears_it_again_and_goes_where_the_menu_says_ADMIN_2():
    async with office() as place:
        configure(place, menu(keys={"1": "extension:1002"}, no_choice=to("extension:1003")))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call("6500")
        await asyncio.sleep(30)
        assert call.sounds == [WELCOME, WELCOME]
        assert cyril.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_a_wrong_key_is_told_and_after_some_the_call_goes_where_the_menu_says_ADMIN_2():
    async with office() as place:
        configure(place, menu(keys={"1": "extension:1002"}))
        anna = place.engine.phone("1001")
        call = anna.call("6500")
        await asyncio.sleep(0.5)
        anna.press(call, "7")
        await asyncio.sleep(3)
        assert call.sounds == [WELCOME, WRONG, WELCOME]
        anna.press(call, "#")
        await asyncio.sleep(3)
        assert call.sounds == [WELCOME, WRONG, WELCOME, WRONG]
        assert call.state is LegState.GONE, "hang up is where a menu leads that says nothing else"
        await place.idle()
        assert place.log("1001") == [("outgoing", "6500", "answered", None)]


@in_virtual_time
async def test_menus_lead_to_menus_and_back_and_keys_may_be_pressed_ahead_ADMIN_2():
    async with office() as place:
        configure(
            place,
            menu(keys={"1": "ivr:6501", "*": "ivr:6500"}),
            menu("6501", keys={"2": "extension:1002", "9": "ivr:6500"}, prompt="wrong"),
        )
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(1.0))
        call = anna.call("6500")
        await asyncio.sleep(0.3)
        for _ in range(20):
            anna.press(call, "1")
            await asyncio.sleep(0.3)
            anna.press(call, "9")
            await asyncio.sleep(0.3)
        anna.press(call, "*12")
        await asyncio.sleep(4)
        assert boris.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_menus_that_lead_to_each_other_by_themselves_come_to_an_end_ADMIN_2():
    async with office() as place:
        configure(
            place,
            menu(keys={"1": "extension:1002"}, no_choice=to("ivr:6501")),
            menu("6501", keys={"1": "extension:1002"}, no_choice=to("ivr:6500")),
        )
        call = place.engine.phone("1001").call("6500")
        await asyncio.sleep(120)
        assert call.state is LegState.GONE
        assert len(call.sounds) == 4


@in_virtual_time
async def test_an_extension_can_be_dialled_where_the_menu_allows_it_and_nothing_else_ADMIN_2():
    async with office() as place:
        configure(
            place,
            menu(keys={"1": "extension:1003"}, dial_extensions=True),
            menu("6501", keys={"1": "extension:1003"}),
        )
        anna = place.engine.phone("1001")
        boris = place.engine.phone("1002", Behaviour.answers(1.0))
        cyril = place.engine.phone("1003", Behaviour.answers(1.0))
        for dialled, phone in (("1002", boris), ("1", cyril)):
            call = anna.call("6500")
            await asyncio.sleep(0.5)
            anna.press(call, dialled)
            await asyncio.sleep(6)
            assert phone.calls[-1].state is LegState.UP, dialled
            anna.hang_up(call)
        call = anna.call("6500")
        await asyncio.sleep(0.5)
        anna.press(call, "00420#")  # no way out to the world
        await asyncio.sleep(5)
        assert WRONG in call.sounds
        anna.hang_up(call)
        call = anna.call("6501")
        await asyncio.sleep(0.5)
        anna.press(call, "1002")  # the first key counts
        await asyncio.sleep(3)
        assert cyril.calls[-1].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_a_prompt_that_cannot_be_heard_does_not_take_the_choice_away_ADMIN_2():
    async with office() as place:
        configure(place, menu(keys={"1": "extension:1002"}, prompt="silent"))
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(0.5))
        call = anna.call("6500")
        await asyncio.sleep(0.5)
        assert call.sounds == [INSTEAD]
        anna.press(call, "1")
        await asyncio.sleep(2)
        assert boris.calls[0].state is LegState.UP
        anna.hang_up(call)


@in_virtual_time
async def test_a_call_is_forwarded_to_a_menu_and_to_a_prompt_PRES_3_DIR_5():
    async with office() as place:
        configure(place, menu(keys={"1": "extension:1003"}))
        place.reaching.settings["1002"] = forwards(always="ivr:6500")
        place.reaching.settings["1003"] = forwards(always="prompt:wrong")
        anna = place.engine.phone("1001")
        call = anna.call("1002")
        await asyncio.sleep(0.5)
        assert call.sounds == [WELCOME]
        anna.press(call, "1")
        await asyncio.sleep(5)
        assert call.sounds == [WELCOME, WRONG]
        assert call.state is LegState.GONE


@in_virtual_time
async def test_a_call_is_transferred_to_a_menu_SIP_4():
    async with office() as place:
        configure(place, menu(keys={"1": "extension:1003"}))
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(0.5))
        cyril = place.engine.phone("1003", Behaviour.answers(0.5))
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "6500")
        await asyncio.sleep(0.5)
        assert call.sounds == [WELCOME]
        anna.press(call, "1")
        await asyncio.sleep(3)
        assert boris.calls[0].state is LegState.GONE
        assert cyril.calls[0].state is LegState.UP
        anna.hang_up(call)


@given(st.lists(st.sampled_from([*"0123456789*#", "wait"]), max_size=12), st.booleans())
def test_whatever_is_pressed_the_call_ends_and_nothing_is_left_ADMIN_2(keys, dial_extensions):
    async def story():
        async with office() as place:
            answers = Behaviour.answers(0.5, hangs_up_after_s=1.0)
            for number in ("1002", "1003"):
                place.engine.phone(number, answers)
            configure(
                place,
                menu(
                    keys={"1": "extension:1002", "2": "ivr:6501", "3": "prompt:wrong", "*": "ivr:6500"},
                    dial_extensions=dial_extensions,
                    no_choice=to("extension:1003"),
                ),
                menu("6501", keys={"1": "ivr:6500", "2": "hang_up"}, no_choice=to("ivr:6500")),
            )
            anna = place.engine.phone("1001")
            call = anna.call("6500")
            for key in keys:
                await asyncio.sleep(0.4 if key != "wait" else 12)
                if key != "wait" and call.state is LegState.UP:
                    anna.press(call, key)
            await asyncio.sleep(200)
            assert call.state is LegState.GONE

    run(story())


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"choices": ()}, "at least one"),
        ({"choices": [{"key": "1", "destination": to("hang_up")}] * 2}, "leads to two places"),
        ({"choices": [{"key": "12", "destination": to("hang_up")}]}, "key"),
        ({"choices": [{"key": "1", "destination": Destination(kind="mobile")}]}, "mobile belongs"),
        ({"plays": 0}, "plays"),
        ({"language": "english"}, "language"),
    ],
)
def test_a_menu_that_cannot_work_is_refused_with_the_reason(changed, why):
    with pytest.raises(ValueError, match=why):
        Ivr.model_validate(menu(keys={"1": "extension:1002"}).model_dump() | changed)
