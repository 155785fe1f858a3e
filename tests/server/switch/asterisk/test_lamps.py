"""Asterisk shows lamps as the port promises: the same as of the simulated switch, seen on the wire."""

import asyncio
import os
import signal

import pytest

from server.switch.asterisk import AsteriskSettings
from server.switch.asterisk.lamps import changes, hints
from server.switch.port import Lamp, LampBoard, LampState, MessagesWaiting, SwitchError
from tests.phones.phone import Refused
from tests.phones.waiting import until
from tests.server.switch.asterisk.bench import Bench, Events

pytestmark = pytest.mark.real

COLLEAGUE = Lamp("1002")
PAIR_OF_1001, PAIR_OF_1003 = Lamp("*592007", "1001"), Lamp("*592007", "1003")
BOARD = LampBoard(
    {
        COLLEAGUE: LampState.TERMINATED,
        PAIR_OF_1001: LampState.EARLY,
        PAIR_OF_1003: LampState.CONFIRMED_HELD,
    },
    ("1001", "1003"),
)


def test_a_view_holds_what_all_see_and_its_own() -> None:
    text = hints(BOARD)
    assert "[watcher-1001]\ninclude => lamps\nexten => *592007,hint,Stasis:1001.s592007\n" in text
    assert "[watcher-1003]\ninclude => lamps\nexten => *592007,hint,Stasis:1003.s592007\n" in text
    assert text.startswith("[lamps]\nexten => 1002,hint,Stasis:1002\n")


def test_a_lamp_of_several_is_one_device_in_the_views_of_each() -> None:
    queue = Lamp("6400", among=("1001", "1009"))
    text = hints(LampBoard({queue: LampState.EARLY}, ("1001", "1003")))
    assert text.splitlines() == [
        "[lamps]",
        "",
        "[watcher-1001]",
        "include => lamps",
        "exten => 6400,hint,Stasis:6400",
        "",
        "[watcher-1003]",
        "include => lamps",
    ]


@pytest.mark.parametrize("value", ["", "1002\nexten => 9", "a", "1 2", "10,hint", "[x]"])
def test_nothing_but_what_can_be_dialled_comes_into_the_dialplan(value: str) -> None:
    with pytest.raises(ValueError, match="a lamp is a number or a code"):
        Lamp(value)
    if value:
        with pytest.raises(ValueError, match="a lamp is a number or a code"):
            Lamp("1001", value)


async def test_who_subscribes_sees_its_own_lamp_where_there_is_one_BOSS_5(bench: Bench) -> None:
    one, other, stranger = [await bench.phone(number) for number in ("1001", "1003", "1009")]
    lamps = bench.switch.lamps
    await lamps.declare(BOARD)
    of_one, of_other = await one.watch("*592007"), await other.watch("*592007")
    await of_one.shows("ringing")
    await of_other.shows("held")
    colleague = await one.watch("1002")
    await colleague.shows("idle")
    with pytest.raises(Refused, match="404"):
        await one.watch("1009")
    with pytest.raises(Refused, match="404"):
        await stranger.watch("1002")
    await lamps.show(PAIR_OF_1001, LampState.CONFIRMED)
    await of_one.shows("ringing", "talking")
    await lamps.show(PAIR_OF_1001, LampState.CONFIRMED)
    await lamps.show(PAIR_OF_1001, LampState.CONFIRMED_HELD)
    await of_one.shows("ringing", "talking", "held")
    assert of_other.lamps == ["held"]
    assert of_one.documents[-1].entity.startswith("sip:*592007@")


async def test_one_lamp_of_several_is_for_them_alone_and_goes_on_for_who_stays_KEY_4(bench: Bench) -> None:
    one, other, third = [await bench.phone(number) for number in ("1001", "1003", "1005")]
    lamps, watchers = bench.switch.lamps, ("1001", "1003", "1005")
    queue = Lamp("6400", among=("1001", "1003"))
    await lamps.declare(LampBoard({queue: LampState.EARLY}, watchers))
    goes, stays = await one.watch("6400"), await other.watch("6400")
    await goes.shows("ringing")
    await stays.shows("ringing")
    with pytest.raises(Refused, match="404"):
        await third.watch("6400")
    await lamps.show(queue, LampState.CONFIRMED)
    await goes.shows("ringing", "talking")
    await stays.shows("ringing", "talking")
    fewer = Lamp("6400", among=("1003",))
    await lamps.declare(LampBoard({fewer: LampState.CONFIRMED}, watchers))
    await until(lambda: goes.ended, "who may not watch it any more is told so")
    await lamps.show(queue, LampState.TERMINATED)
    await stays.shows("ringing", "talking", "idle")


async def test_a_lamp_that_is_none_any_more_ends_and_others_go_on_KEY_4(bench: Bench) -> None:
    phone = await bench.phone("1001")
    lamps = bench.switch.lamps
    await lamps.declare(BOARD)
    stays, goes = await phone.watch("1002"), await phone.watch("*592007")
    await stays.shows("idle")
    await goes.shows("ringing")
    await lamps.declare(LampBoard({COLLEAGUE: LampState.CONFIRMED, Lamp("1004"): LampState.EARLY}, ["1001"]))
    await until(lambda: goes.ended, "the subscription to what is no lamp ends")
    await stays.shows("idle", "talking")
    await (await phone.watch("1004")).shows("ringing")
    assert await stays.renew() == 200
    await stays.shows("idle", "talking", "talking")
    with pytest.raises(SwitchError, match="no lamp"):
        await lamps.show(PAIR_OF_1001, LampState.EARLY)
    with pytest.raises(Refused, match="404"):
        await phone.watch("*592007")


def test_what_has_changed_is_changed_and_nothing_else() -> None:
    after = LampBoard(
        {COLLEAGUE: LampState.TERMINATED, Lamp("1004"): LampState.EARLY, PAIR_OF_1003: LampState.EARLY},
        ("1003", "1005"),
    )
    assert changes(hints(BOARD), hints(BOARD)) == []
    assert changes(hints(BOARD), hints(after)) == [
        "dialplan remove include lamps from watcher-1001",
        "dialplan remove extension *592007@watcher-1001 hint",
        "dialplan add extension 1004,hint,Stasis:1004 into lamps",
        "dialplan add include lamps into watcher-1005",
    ]


async def test_no_subscription_is_lost_while_lamps_come_and_go_KEY_4(bench: Bench) -> None:
    phone, newcomer = await bench.phone("1001"), await bench.phone("1005")
    lamps = bench.switch.lamps
    watched = dict.fromkeys((Lamp(str(2000 + at)) for at in range(20)), LampState.TERMINATED)
    await lamps.declare(LampBoard(watched, ["1001"]))

    async def come_and_go() -> None:
        for at in range(20):
            own = {
                Lamp(f"*{70 + at % 3}", "1001"): LampState.TERMINATED,
                Lamp(str(3000 + at)): LampState.EARLY,
            }
            await lamps.declare(LampBoard(watched | own, ["1001"]))

    changing = asyncio.create_task(come_and_go())
    keys = [await phone.watch(lamp.value) for lamp in watched]
    await changing
    for key, lamp in zip(keys, watched, strict=True):
        await lamps.show(lamp, LampState.EARLY)
        await key.shows("idle", "ringing")
    await lamps.declare(LampBoard(dict.fromkeys(watched, LampState.EARLY), ["1001", "1005"]))
    await (await newcomer.watch("2003")).shows("ringing")


async def test_the_next_server_corrects_what_the_last_one_left_KEY_4(
    engine_settings: AsteriskSettings,
) -> None:
    async with Bench(engine_settings) as bench:
        await bench.switch.lamps.declare(
            LampBoard({COLLEAGUE: LampState.CONFIRMED, Lamp("1004"): LampState.EARLY}, ["1001"])
        )
    async with Bench(engine_settings) as bench:
        phone = await bench.phone("1001")
        seen, goes = await phone.watch("1002"), await phone.watch("1004")
        await seen.shows("talking")
        await bench.switch.lamps.declare(LampBoard({COLLEAGUE: LampState.TERMINATED}, ["1001"]))
        await seen.shows("talking", "idle")
        await until(lambda: goes.ended, "the lamp of another server is gone")
        await bench.switch.lamps.declare(
            LampBoard({COLLEAGUE: LampState.TERMINATED, Lamp("1004"): LampState.TERMINATED}, ["1001"])
        )
        await (await phone.watch("1004")).shows("idle")


async def test_two_hundred_changes_a_second_leave_no_lamp_behind_KEY_3(bench: Bench) -> None:
    phone = await bench.phone("1001")
    lamps = bench.switch.lamps
    numbers = [Lamp(str(2000 + at)) for at in range(20)]
    await lamps.declare(LampBoard(dict.fromkeys(numbers, LampState.TERMINATED), ["1001"]))
    seen = [await phone.watch(lamp.value) for lamp in numbers]
    # Held is what is shown last, and only then: so it is known when all has come.
    cycle = [*[LampState.EARLY, LampState.CONFIRMED, LampState.TERMINATED] * 3, LampState.CONFIRMED_HELD]
    told = ["idle", *["ringing", "talking", "idle"] * 3, "held"]
    loop = asyncio.get_running_loop()
    took: list[float] = []
    for state in cycle:
        began = loop.time()
        await asyncio.gather(*(lamps.show(lamp, state) for lamp in numbers))
        took.append(loop.time() - began)
    # The faster half counts, since the machine may have other work, too.
    quick = sorted(took)[: len(took) // 2]
    assert sum(quick) < len(quick) * len(numbers) / 200, f"{len(numbers)} changes each took {took} s"
    for subscription in seen:
        await until(lambda one=subscription: one.shown_in_a_storm[-1:] == ["held"], "the last state is shown")
        # Of two changes that Asterisk works off together it tells the second only; none is out of order.
        rest = iter(told)
        assert all(lamp in rest for lamp in subscription.shown_in_a_storm), subscription.shown_in_a_storm


async def test_a_new_engine_shows_the_same_KEY_4(own_settings: AsteriskSettings) -> None:
    async with Bench(own_settings, stop_engine=True) as bench:
        phone = await bench.phone("1001")
        await bench.switch.lamps.declare(BOARD)
        await bench.switch.lamps.tell_messages("1001", MessagesWaiting(3, 1))
        bench.events.forget()
        os.kill(bench.switch.status.pid or 0, signal.SIGKILL)
        assert (await bench.events.up()).restarted
        await bench.switch.lamps.declare(BOARD)
        await bench.switch.lamps.tell_messages("1001", MessagesWaiting(3, 1))
        await (await phone.watch("*592007")).shows("ringing")
        mailbox = await phone.watch("1001", event="message-summary")
        await mailbox.counts(3, 1)


@pytest.mark.parametrize("transport", ["udp", "tls"])
async def test_messages_are_told_to_who_asks_and_to_who_does_not_VM_4(bench: Bench, transport: str) -> None:
    asks, silent = await bench.phone("1001"), await bench.phone("1002", transport)  # type: ignore[arg-type]
    told, asked = silent.unasked_messages, asks.unasked_messages
    for box in ("1001", "1002"):
        await bench.switch.lamps.tell_messages(box, MessagesWaiting(2, 5))
    mailbox = await asks.watch("1001", event="message-summary")
    await mailbox.counts(2, 5)
    await until(lambda: (2, 5) in told, "the phone that has not asked is told")
    for box in ("1001", "1002"):
        await bench.switch.lamps.tell_messages(box, MessagesWaiting(0, 7))
    await mailbox.counts(0, 7)
    await until(lambda: told[-1] == (0, 7), "the phone that has not asked is told")
    also = await bench.phone("1001")
    await until(lambda: also.unasked_messages == [(0, 7)], "a phone that comes is told, though another asks")
    for phone in (told, asked):
        assert (0, 0) not in phone[phone.index((2, 5)) :], "nobody is told of an empty mailbox in between"
    before = len(mailbox.notices)
    await bench.switch.lamps.tell_messages("1001", MessagesWaiting(0, 7))
    assert await mailbox.renew() == 200
    await until(lambda: len(mailbox.notices) > before, "renewing brings the whole state")
    assert len(mailbox.notices) == before + 1, "what is told already is not told again"


async def test_nobody_watches_without_credentials_KEY_4(bench: Bench) -> None:
    await bench.switch.lamps.declare(BOARD)
    await bench.extension("1001")
    stranger = await bench.unregistered("1001", secret="not-the-secret-16")
    with pytest.raises(Refused, match="401"):
        await stranger.watch("1002")
    nobody = await bench.unregistered("1077")
    with pytest.raises(Refused, match="401"):
        await nobody.watch("1002")


async def test_events_of_device_states_are_not_asked_for(bench: Bench) -> None:
    """They can leave Asterisk hanging when the connection ends (see `ari.SOURCES`)."""
    events = Events(bench.switch)
    await bench.switch.lamps.declare(BOARD)
    await bench.switch.lamps.tell_messages("1001", MessagesWaiting(1, 1))
    assert events.seen == [], "neither lamps nor messages look like calls"
