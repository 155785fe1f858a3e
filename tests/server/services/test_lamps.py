"""KEY-3, KEY-4, KEY-5, VM-4: desk phones are shown what the owners say, whatever happens; in virtual time."""

import asyncio
import contextlib

import pytest

from server.contract.presence import PresenceChange, PresenceStatus
from server.services.lamp_sources import ExtensionLamps, ParkingLamps
from server.services.lamps import Lamps
from server.services.message_waiting import MessageWaiting
from server.switch.port import Lamp, LampState, MessagesWaiting, SwitchError
from server.switch.simulated import Behaviour, SimulatedEngine, SimulatedSwitch
from tests.server.flows.office import Office, extension, office
from tests.virtual_time import in_virtual_time, run

OUT, RINGS, TALKS, HELD, AWAY = LampState


class Truth:
    """An owner of lamps. Attributes: `shows`, now and `was`, each state there has been."""

    def __init__(self, *values: str, watcher: str = "") -> None:
        self.shows = {Lamp(value, watcher): OUT for value in values}
        self.was = {lamp: [state] for lamp, state in self.shows.items()}
        self._observers = []

    def set(self, lamp: Lamp, state: LampState) -> None:
        self.shows[lamp] = state
        self.was.setdefault(lamp, []).append(state)
        self.tell(lamp)

    def drop(self, lamp: Lamp) -> None:
        del self.shows[lamp]
        self.tell(None)

    def tell(self, lamp: Lamp | None) -> None:
        for observer in self._observers:
            observer(lamp)

    def lamps(self):
        return list(self.shows)

    def state(self, lamp):
        return self.shows.get(lamp, OUT)

    def observe(self, changed):
        self._observers.append(changed)
        return lambda: self._observers.remove(changed)


class Server:
    """One server process that shows lamps on an engine, which may have been another's."""

    def __init__(self, engine: SimulatedEngine, *sources, watchers=("1001",)) -> None:
        self.switch = SimulatedSwitch(engine)
        self.lamps = Lamps(switch=self.switch, watchers=lambda: watchers, sources=sources)

    async def start(self) -> "Server":
        self.lamps.start()
        await self.switch.start()
        await asyncio.sleep(0.1)
        return self

    async def kill(self) -> None:
        self.switch.kill()
        await self.lamps.stop()


def is_subsequence(seen, whole) -> bool:
    rest = iter(whole)
    return all(state in rest for state in seen)


@in_virtual_time
async def test_a_state_never_follows_its_successor_at_fifty_changes_a_second_KEY_3() -> None:
    engine, truth = SimulatedEngine(), Truth("1002", "1003")
    server = await Server(engine, truth).start()
    seen = {lamp: engine.board.watch("1001", lamp.value) for lamp in truth.shows}
    cycle = [RINGS, TALKS, HELD, TALKS, OUT]
    for at in range(200):
        for lamp in truth.shows:
            truth.set(lamp, cycle[at % len(cycle)])
        await asyncio.sleep(0.02)
    for lamp, subscription in seen.items():
        assert subscription.told == truth.was[lamp], "each one in order: there is time for all of them"
    for at in range(200):  # ten times as fast as the engine answers
        for lamp in truth.shows:
            truth.set(lamp, cycle[at % len(cycle)])
        await asyncio.sleep(0.0002)
    await asyncio.sleep(0.1)
    for lamp, subscription in seen.items():
        assert is_subsequence(subscription.told, truth.was[lamp])
        assert subscription.told[-1] is truth.shows[lamp]
    await server.kill()


@in_virtual_time
async def test_equal_states_are_told_once_and_the_next_server_tells_what_differs_KEY_4() -> None:
    engine, truth = SimulatedEngine(), Truth(*(str(number) for number in range(2000, 2100)))
    server = await Server(engine, truth).start()
    assert engine.board.told == 0, "all are out"
    truth.set(Lamp("2001"), TALKS)
    truth.set(Lamp("2002"), RINGS)
    truth.tell(Lamp("2001"))
    await asyncio.sleep(0.1)
    assert engine.board.told == 2
    watched = engine.board.watch("1001", "2002")
    await server.kill()
    truth.set(Lamp("2002"), OUT)
    truth.drop(Lamp("2099"))
    server = await Server(engine, truth).start()
    assert engine.board.told == 3, "one was wrong"
    assert watched.told == [RINGS, OUT]
    assert not watched.ended
    assert engine.board.lamps == truth.shows
    await server.kill()


def crash(server: Server) -> None:
    server.switch.crash()
    asyncio.get_running_loop().call_later(2.0, server.switch.restart)


def broken(server: Server) -> None:
    server.switch.disconnect()
    asyncio.get_running_loop().call_later(2.0, lambda: server.switch.connect(restarted=False))


def blinks(server: Server) -> None:
    server.switch.disconnect()
    asyncio.get_running_loop().call_later(0.0015, lambda: server.switch.connect(restarted=False))


def answer_lost(server: Server) -> None:
    server.switch.answer_lost = True


def refused(_server: Server) -> None:
    if asyncio.current_task() is not None:  # the request is made, and has had no effect yet
        raise SwitchError("the engine refuses it this once")


@pytest.mark.parametrize("fault", [crash, broken, blinks, answer_lost, refused])
def test_a_fault_at_any_moment_leaves_no_lamp_wrong_KEY_5(fault) -> None:
    async def day(at: int) -> int:
        engine, truth = SimulatedEngine(), Truth("1002", "1003", "1004")
        server = Server(engine, truth)

        def strike(point: int) -> None:
            if point == at:
                server.switch.fault = None
                fault(server)

        server.switch.fault = strike
        await server.start()
        for lamp, state in [("1002", RINGS), ("1003", TALKS), ("1002", TALKS), ("1005", HELD), ("1002", OUT)]:
            truth.set(Lamp(lamp), state)
            if lamp == "1005":
                truth.tell(None)
            await asyncio.sleep(0.005)
        truth.drop(Lamp("1004"))
        await asyncio.sleep(0.05)
        truth.set(Lamp("1003"), HELD)
        await asyncio.sleep(40)
        assert engine.board.lamps == truth.shows, f"after a fault at moment {at}"
        points = server.switch.points
        await server.kill()
        return points

    moments = run(day(0))
    assert moments > 8
    for at in range(1, moments + 1):
        run(day(at))


@in_virtual_time
async def test_a_change_while_the_switch_is_away_is_shown_as_soon_as_it_is_back_KEY_5() -> None:
    engine, truth = SimulatedEngine(), Truth("1002")
    server = await Server(engine, truth).start()
    watched = engine.board.watch("1001", "1002")
    server.switch.disconnect()
    truth.set(Lamp("1002"), RINGS)
    truth.set(Lamp("1002"), TALKS)
    await asyncio.sleep(60)
    assert watched.told == [OUT]
    server.switch.connect(restarted=False)
    await asyncio.sleep(0.05)
    assert watched.told == [OUT, TALKS]
    await server.kill()


@contextlib.asynccontextmanager
async def lit_office():
    """An office whose desk phones see the lamps of extensions and slots."""
    async with office() as place:
        lamps = Lamps(
            switch=place.switch,
            watchers=lambda: [one.number for one in place.directory.all()],
            sources=[
                ExtensionLamps(place.states, place.directory),
                ParkingLamps(place.lot, place.configured),
            ],
        )
        lamps.start()
        await asyncio.sleep(0.1)
        try:
            yield place
        finally:
            await lamps.stop()


def watch(place: Office, value: str):
    return place.engine.board.watch("1003", value)


@in_virtual_time
async def test_the_lamp_of_an_extension_tells_ringing_talking_and_hold_in_order_KEY_3() -> None:
    async with lit_office() as place:
        anna = place.engine.phone("1001")
        place.engine.phone(
            "1002",
            Behaviour(answers_after_s=1.0, holds_after_s=1.0, resumes_after_s=2.0, hangs_up_after_s=3.0),
        )
        await asyncio.sleep(0.1)
        callee, caller = watch(place, "1002"), watch(place, "1001")
        anna.call("1002")
        await asyncio.sleep(0.05)
        assert callee.told == [OUT, RINGS], "within 50 ms"
        await asyncio.sleep(6)
        assert callee.told == [OUT, RINGS, TALKS, HELD, TALKS, OUT]
        assert caller.told == [OUT, TALKS, OUT], "who calls is busy: nobody can pick that up"


@in_virtual_time
async def test_who_is_not_there_or_not_to_be_disturbed_shows_it_KEY_3() -> None:
    async with lit_office() as place:
        seen = watch(place, "1002")
        phone = place.engine.phone("1002")
        await asyncio.sleep(0.1)
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB))
        await asyncio.sleep(0.1)
        await place.presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
        await asyncio.sleep(0.1)
        phone.unregister()
        await asyncio.sleep(0.1)
        assert seen.told == [AWAY, OUT, TALKS, OUT, AWAY]


@in_virtual_time
async def test_a_new_extension_can_be_watched_and_a_removed_one_no_more_KEY_4() -> None:
    async with lit_office() as place:
        assert watch(place, "1009") is None
        place.extensions.put(extension("1009"))
        await asyncio.sleep(0.1)
        seen = watch(place, "1009")
        assert seen.told == [AWAY]
        assert place.engine.board.watch("1009", "1001") is not None
        place.extensions.drop("1009")
        await asyncio.sleep(0.1)
        assert seen.ended
        assert place.engine.board.watch("1009", "1001") is None


@in_virtual_time
async def test_nobody_watches_who_may_not_be_monitored_ADMIN_1() -> None:
    async with lit_office() as place:
        before = watch(place, "1002")
        place.extensions.put(extension("1002").model_copy(update={"monitored": False}))
        await asyncio.sleep(0.1)
        assert before.ended
        assert watch(place, "1002") is None
        assert watch(place, "1001") is not None
        place.extensions.put(extension("1002"))
        await asyncio.sleep(0.1)
        assert watch(place, "1002").told == [AWAY]


@in_virtual_time
async def test_the_lamp_of_a_slot_is_lit_while_a_call_is_parked_there_KEY_4() -> None:
    async with lit_office() as place:
        anna, boris = place.engine.phone("1001"), place.engine.phone("1002", Behaviour.answers(0.5))
        slot = watch(place, "6900")
        call = anna.call("1002")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "*5")
        await asyncio.sleep(1)
        assert slot.told == [OUT, TALKS]
        anna.hang_up(call)
        await asyncio.sleep(1)
        assert slot.told == [OUT, TALKS, OUT]


class Boxes:
    """An owner of mailboxes."""

    def __init__(self) -> None:
        self.counts: dict[str, tuple[int, int]] = {}
        self._observers = []

    def set(self, box: str, new: int, heard: int) -> None:
        self.counts[box] = (new, heard)
        for observer in self._observers:
            observer(box)

    def waiting(self, box):
        return self.counts.get(box, (0, 0))

    def observe(self, observer):
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)


@pytest.mark.parametrize("fault", [crash, broken, blinks, answer_lost, refused])
def test_a_fault_at_any_moment_leaves_no_message_untold_VM_4(fault) -> None:
    async def day(at: int) -> int:
        async with office() as place:
            boxes = Boxes()
            messages = MessageWaiting(switch=place.switch, directory=place.directory, voicemail=boxes)

            def strike(point: int) -> None:
                if point == at:
                    place.switch.fault = None
                    fault(place)

            boxes.set("1001", 1, 0)
            place.switch.points, place.switch.fault = 0, strike
            messages.start()
            await asyncio.sleep(0.005)
            boxes.set("1002", 2, 0)
            boxes.set("6500", 2, 0)
            await asyncio.sleep(0.0005)
            boxes.set("1002", 1, 1)
            await asyncio.sleep(40)
            told = place.engine.board.messages
            assert told["1001"] == MessagesWaiting(1, 0)
            assert told["1002"] == MessagesWaiting(1, 1), f"after a fault at moment {at}"
            assert "6500" not in told, "it is no extension's"
            points = place.switch.points
            await messages.stop()
            return points

    moments = run(day(0))
    assert moments > 4
    for at in range(1, moments + 1):
        run(day(at))
