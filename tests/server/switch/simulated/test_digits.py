"""Digits are read as a person dials, in virtual time (CODE-1, VM-5, Q-5)."""

import asyncio
import time

import pytest

from server.switch.digits import KEPT, LONGEST_PRESS_S, Digits, ask_digits, read_digits
from server.switch.port import Dtmf, LegGone, Sound
from tests.server.switch.simulated.desk import Desk
from tests.virtual_time import in_virtual_time

MENU = Sound.prompt("demo-congrats")


def now() -> float:
    return asyncio.get_running_loop().time()


@in_virtual_time
async def test_digits_are_told_and_read_in_order_also_those_sent_before_CODE_1() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    phone.press(dialog, "42")
    await asyncio.sleep(1)
    assert leg.digits.unread == "42"
    phone.press(dialog, "#")
    assert [await leg.digits.next() for _ in range(3)] == ["4", "2", "#"]
    assert [(event.leg, event.digit) for event in desk.told if isinstance(event, Dtmf)] == [
        (leg, "4"), (leg, "2"), (leg, "#"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pressed", "read", "after_s"),
    [
        ("1234", "123", 0.4),
        ("12#4", "12", 0.4),
        ("12", "12", 0.2 + 2),
        ("#", "", 0),
        ("", "", 5),
    ],
)
@in_virtual_time
async def test_reading_ends_by_length_terminator_or_time_VM_5(
    pressed: str, read: str, after_s: float
) -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    began = now()
    phone.press(dialog, pressed)
    assert await read_digits(leg, most=3, first_s=5, next_s=2) == read
    assert now() - began == pytest.approx(after_s, abs=0.01)


async def test_a_server_that_stood_still_reads_what_was_dialled_in_time_CODE_1() -> None:
    """Its time-out is over before it has read what came meanwhile."""
    loop, digits = asyncio.get_running_loop(), Digits()
    # From the engine's connection, as all digits: read first, and understood in the next turn.
    loop.call_later(0.05, loop.call_soon, loop.call_soon, digits.put, "5")
    loop.call_soon(time.sleep, 0.5)
    assert await digits.next_within(0.2) == "5"
    with pytest.raises(TimeoutError):
        await digits.next_within(0.01)


@in_virtual_time
async def test_the_first_digit_stops_the_prompt_Q_5() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    asyncio.get_running_loop().call_later(2, phone.press, dialog, "15")
    assert await ask_digits(leg, MENU, Sound.prompt("beep"), most=2, first_s=5, next_s=2) == "15"
    (menu,) = dialog.heard
    assert menu.ended == pytest.approx(2, abs=0.01)


@in_virtual_time
async def test_the_first_digit_may_come_after_the_prompt_Q_5() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    asyncio.get_running_loop().call_later(34, phone.press, dialog, "1")
    assert await ask_digits(leg, MENU, most=1, first_s=5, next_s=2) == "1"
    assert await ask_digits(leg, MENU, most=1, first_s=5, next_s=2) == ""


@in_virtual_time
async def test_what_was_dialled_ahead_needs_no_prompt_and_can_be_forgotten_Q_5() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    phone.press(dialog, "9")
    await asyncio.sleep(1)
    assert await ask_digits(leg, MENU, most=1, first_s=5, next_s=2) == "9"
    assert dialog.heard == []
    phone.press(dialog, "9")
    await asyncio.sleep(1)
    leg.digits.forget()
    assert await read_digits(leg, most=1, first_s=1, next_s=1) == ""


@in_virtual_time
async def test_a_hang_up_ends_reading_but_not_before_what_was_sent_is_read_VM_5() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    phone.press(dialog, "7")
    await asyncio.sleep(0.1)
    asyncio.get_running_loop().call_later(1, phone.hang_up, dialog)
    assert await leg.digits.next() == "7"
    with pytest.raises(LegGone):
        await ask_digits(leg, MENU, most=1, first_s=5, next_s=2)
    with pytest.raises(LegGone):
        await leg.digits.next()


@in_virtual_time
async def test_digits_that_nobody_reads_do_not_pile_up() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    phone.press(dialog, "1" * KEPT + "2")
    await asyncio.sleep(60)
    assert leg.digits.unread == "1" * (KEPT - 1) + "2"


@in_virtual_time
async def test_a_key_that_is_held_down_is_waited_for_but_not_for_ever_CODE_1() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    phone.press(dialog, "4")
    await leg.digits.next()
    began = now()
    await leg.digits.released()
    assert now() == began, "none is held"
    leg.digits.put("5", pressed=True)
    asyncio.get_running_loop().call_later(0.5, leg.digits.release)
    await leg.digits.released()
    assert now() == began + 0.5
    leg.digits.put("6", pressed=True)
    await leg.digits.released()
    assert now() == began + 0.5 + LONGEST_PRESS_S, "what tells of the end may be lost"
    leg.digits.put("7", pressed=True)
    asyncio.get_running_loop().call_later(0.1, phone.hang_up, dialog)
    await leg.digits.released()
    assert leg.digits.unread == "567"
