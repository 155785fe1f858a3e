"""VM-1, VM-2, VM-3, VM-5, VM-6: a mailbox by phone, in virtual time."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from server.contract.errors import ErrorCode
from server.contract.voicemail import VoicemailMessage, VoicemailSettings
from server.flows import voicemail_prompts as prompts
from server.flows.voicemail_menu import KEY_S
from server.services.errors import AuthError, conflict
from server.switch.port import LegState, Sound
from tests.server.flows.office import Office, office
from tests.server.flows.test_voicemail import greeted
from tests.virtual_time import EPOCH, in_virtual_time

SOUND_S = 3.0


def a_message(place: Office, name: str, *, box: str = "1002", heard: bool = False, minute: int = 0) -> Sound:
    """A message in a mailbox; what is heard of it."""
    path = Path(f"/kept/{name}.wav")
    place.engine.files[path.with_suffix("")] = SOUND_S
    message = VoicemailMessage(
        id=name,
        box=box,
        caller="+420777123456",
        caller_name="",
        received_at=EPOCH + timedelta(minutes=minute),
        seconds=64.2,
        heard=heard,
    )
    place.voicemail.messages.kept[name] = message
    place.voicemail.messages.paths[name] = path
    return Sound.file(path.with_suffix(""))


def is_heard(place: Office) -> dict[str, bool]:
    return {name: message.heard for name, message in place.voicemail.messages.kept.items()}


def bare(place: Office, box: str = "1002") -> None:
    """Nothing is said before a message."""
    place.voicemail.settings[box] = VoicemailSettings(
        announce_time=False, announce_caller=False, announce_duration=False
    )


def files(dialog) -> list[str]:
    return [Path(sound.value).name for sound in dialog.sounds if sound.kind == "file"]


async def said(dialog, sounds) -> None:
    """Until this is heard, or over, as the last thing."""
    async with asyncio.timeout(120):
        while dialog.sounds[-len(sounds) :] != [*sounds]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@in_virtual_time
async def test_messages_are_listened_to_the_oldest_first_and_count_as_heard_then_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        bare(place)
        a_message(place, "second", minute=2)
        a_message(place, "first", minute=1)
        a_message(place, "old", minute=0, heard=True)
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        assert call.state is LegState.UP
        boris.press(call, "1")
        await asyncio.sleep(1.0)
        assert call.sounds[:4] != []
        assert files(call) == ["first"]
        assert not is_heard(place)["first"], "it is being listened to"
        await asyncio.sleep(SOUND_S)
        assert is_heard(place) == {"first": True, "second": False, "old": True}
        boris.press(call, "6")
        await asyncio.sleep(SOUND_S + 1)
        assert files(call) == ["first", "second"]
        boris.hang_up(call)
        await place.idle()
        assert is_heard(place) == {"first": True, "second": True, "old": True}


@in_virtual_time
async def test_what_waits_is_told_before_the_menu_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        a_message(place, "new")
        a_message(place, "old", heard=True)
        call = boris.call("*2")
        await said(call, prompts.MAIN_MENU)
        words = [sound.value for sound in call.sounds[: -len(prompts.MAIN_MENU)]]
        assert words == ["vm-youhave", "1", "vm-INBOX", "vm-and", "1", "vm-Old", "vm-messages"]
        boris.hang_up(call)


@in_virtual_time
async def test_each_part_before_a_message_can_be_switched_off_VM_2():
    async with office() as place:
        boris = place.engine.phone("1002")
        file = a_message(place, "one")
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        boris.press(call, "1")
        await said(call, [file])
        words = [sound.value for sound in call.sounds]
        at = words.index("vm-received")
        assert words[at : at + 7] == [
            "vm-received", "digits/day-1", "digits/mon-2", "digits/h-2", "digits/at", "8", "digits/oclock"
        ]  # fmt: skip
        assert words[at + 7 :] == [
            "digits/a-m", "vm-from-phonenumber", "420777123456",
            "vm-duration", "1", "minute", "4", "seconds", file.value,
        ]  # fmt: skip
        boris.hang_up(call)
        place.voicemail.settings["1002"] = VoicemailSettings(announce_time=False, announce_duration=False)
        again = boris.call("*2")
        await asyncio.sleep(0.1)
        boris.press(again, "1")
        await said(again, [*prompts._caller("+420777123456"), file])
        assert "vm-received" not in [sound.value for sound in again.sounds]
        boris.hang_up(again)


@in_virtual_time
async def test_keys_repeat_go_back_delete_and_save_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        bare(place)
        for minute, name in enumerate(("one", "two", "three")):
            a_message(place, name, minute=minute)
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        for key in ("1", "6", "4", "5", "9", "7"):  # one, two, one, one, keep it, delete two
            boris.press(call, key)
            await asyncio.sleep(2.5)
        assert files(call) == ["one", "two", "one", "one", "two", "three"]
        assert [*is_heard(place)] == ["one", "three"]
        assert prompts.KEPT[0] in call.sounds
        assert prompts.DELETED[0] in call.sounds
        boris.press(call, "*")
        await said(call, prompts.MAIN_MENU)
        boris.press(call, "#")
        await place.idle()
        assert call.sounds[-1:] == [*prompts.GOODBYE]
        assert call.state is LegState.GONE


@in_virtual_time
async def test_the_menu_after_a_message_names_only_what_there_is_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        bare(place)
        a_message(place, "only")
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        boris.press(call, "1")
        await said(call, prompts.choices(first=True, last=True))
        words = {sound.value for sound in call.sounds}
        assert not words & {"vm-prev", "vm-next"}
        await said(call, prompts.NO_MORE)
        boris.hang_up(call)


@in_virtual_time
async def test_who_dials_nothing_is_let_go_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        call = boris.call("*2")
        await place.idle()
        assert call.sounds[-1:] == [*prompts.GOODBYE]
        assert place.log("1002") == [("outgoing", "*2", "answered", None)]


@in_virtual_time
async def test_a_pin_keeps_others_out_VM_1():
    async with office() as place:
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002")
        place.voicemail.pins["1002"] = "4711"
        for phone, dialled in ((boris, "*2"), (anna, "*21002")):
            call = phone.call(dialled)
            await said(call, prompts.PIN)
            phone.press(call, "1234#")
            await said(call, (*prompts.WRONG_PIN, *prompts.PIN))
            phone.press(call, "4711#")
            await said(call, prompts.MAIN_MENU)
            phone.hang_up(call)
            await place.idle()


@in_virtual_time
async def test_after_three_wrong_pins_or_a_lock_it_is_over_VM_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        place.voicemail.pins["1002"] = "4711"
        call = anna.call("*21002")
        for _ in range(3):
            await said(call, prompts.PIN)
            anna.press(call, "999#")
            await said(call, prompts.WRONG_PIN)
        await place.idle()
        assert call.sounds[-1:] == [*prompts.GOODBYE]
        place.voicemail.locked = AuthError(ErrorCode.LOCKED, "Too many wrong PINs.")
        locked = anna.call("*21002")
        await said(locked, prompts.PIN)
        anna.press(locked, "4711#")
        await place.idle()
        assert locked.sounds == [*prompts.PIN, *prompts.GOODBYE]


@in_virtual_time
async def test_the_mailbox_of_a_colleague_without_a_pin_is_closed_to_others_VM_1():
    async with office() as place:
        anna = place.engine.phone("1001")
        a_message(place, "private")
        call = anna.call("*21002")
        for _ in range(3):
            await said(call, prompts.PIN)
            anna.press(call, "#")
            await said(call, prompts.WRONG_PIN)
        await place.idle()
        assert files(call) == []


@in_virtual_time
async def test_a_mailbox_that_cannot_be_read_now_says_so_and_ends_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")

        async def state(_):
            raise OperationalError("", {}, Exception())

        place.voicemail.state = state
        call = boris.call("*2")
        await place.idle()
        assert call.sounds == [*prompts.WRONG]


@in_virtual_time
async def test_members_listen_to_the_mailbox_of_their_group_VM_6():
    async with office() as place:
        boris, dana = place.engine.phone("1002"), place.engine.phone("1004")
        place.voicemail.groups["650"] = ("1002", "1003")
        bare(place, "650")
        a_message(place, "for all", box="650")
        call = boris.call("*2650")
        await asyncio.sleep(0.1)
        boris.press(call, "1")
        await asyncio.sleep(1)
        assert files(call) == ["for all"]
        boris.hang_up(call)
        stranger = dana.call("*2650")
        await said(stranger, prompts.PIN)
        dana.hang_up(stranger)


@in_virtual_time
async def test_nobody_listens_to_a_mailbox_that_does_not_exist_VM_5():
    async with office() as place:
        anna = place.engine.phone("1001")
        call = anna.call("*29999")
        await place.idle()
        assert call.told == 404
        assert place.log("1001") == [("outgoing", "*29999", "failed", 404)]


@pytest.mark.parametrize("hangs_up", [True, False], ids=["hang-up", "#"])
@in_virtual_time
async def test_a_greeting_is_recorded_by_phone_and_callers_hear_it_VM_3(hangs_up):
    async with office() as place:
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002")
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        boris.press(call, "31")
        await said(call, (*prompts.GREETING, *prompts.BEEP))
        await asyncio.sleep(5)
        if hangs_up:
            boris.hang_up(call)
        else:
            boris.press(call, "#")
            await said(call, prompts.SAVED)
            boris.hang_up(call)
        await place.idle()
        (path,) = place.voicemail.greetings.paths.values()
        caller = anna.call("*121002")
        await greeted(caller)
        assert caller.sounds == [Sound.file(path.with_suffix("")), *prompts.BEEP]
        anna.hang_up(caller)


@in_virtual_time
async def test_an_eleventh_greeting_is_refused_by_a_sound_VM_3():
    async with office() as place:
        boris = place.engine.phone("1002")
        place.voicemail.greetings.fail = conflict("There are 10 greetings already: delete one first.")
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        boris.press(call, "31")
        await said(call, (*prompts.GREETING, *prompts.BEEP))
        await asyncio.sleep(2)
        boris.press(call, "#")
        await said(call, prompts.WRONG)
        boris.hang_up(call)


@in_virtual_time
async def test_the_pin_is_changed_by_phone_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        call = boris.call("*2")
        await asyncio.sleep(0.1)
        boris.press(call, "35")
        await said(call, prompts.NEW_PIN)
        boris.press(call, "12#")
        await said(call, prompts.BAD_PIN)
        await said(call, prompts.OPTIONS_MENU)
        boris.press(call, "5")
        await said(call, prompts.NEW_PIN)
        boris.press(call, "1234#")
        await said(call, prompts.NEW_PIN_AGAIN)
        boris.press(call, "1235#")
        await said(call, prompts.PINS_DIFFER)
        assert place.voicemail.pins == {}
        await said(call, prompts.OPTIONS_MENU)
        boris.press(call, "5")
        await said(call, prompts.NEW_PIN)
        boris.press(call, "1234#")
        await said(call, prompts.NEW_PIN_AGAIN)
        boris.press(call, "1234#")
        await said(call, prompts.PIN_CHANGED)
        assert place.voicemail.pins == {"1002": "1234"}
        boris.hang_up(call)


@in_virtual_time
async def test_the_menu_waits_for_each_key_only_so_long_VM_5():
    async with office() as place:
        boris = place.engine.phone("1002")
        call = boris.call("*2")
        await said(call, prompts.MAIN_MENU)
        began = asyncio.get_running_loop().time()
        await said(call, (*prompts.MAIN_MENU, *prompts.MAIN_MENU))
        menu_s = sum(heard.ended - heard.began for heard in call.heard[3:-1] if heard.ended)
        assert asyncio.get_running_loop().time() - began < menu_s + KEY_S + 1
        boris.hang_up(call)


def test_all_times_can_be_said_VM_2():
    """Every prompt exists in the engine's package, for each minute of a day and each day of a year."""
    from server.switch.simulated.sound import prompts as known

    moments = [EPOCH + timedelta(minutes=minute) for minute in range(24 * 60)]
    moments += [EPOCH + timedelta(days=day) for day in range(366)]
    names = {s.value for at in moments for s in prompts.spoken_time(at) if s.kind == "prompt"}
    fixed = [value for value in vars(prompts).values() if isinstance(value, tuple)]
    names |= {s.value for sounds in fixed for s in sounds if isinstance(s, Sound) and s.kind == "prompt"}
    for box in ("1002", "650"):
        for group in (True, False):
            names |= {s.value for s in prompts.built_in_greeting(box, group=group) if s.kind == "prompt"}
    names |= {s.value for s in prompts.choices(first=False, last=False)}
    assert names - set(known()) == set()
    assert [s.value for s in prompts.spoken_time(EPOCH.replace(day=23, hour=15, minute=5))][2:] == [
        "digits/20", "digits/h-3", "digits/at", "3", "digits/oh", "5", "digits/p-m"
    ]  # fmt: skip
