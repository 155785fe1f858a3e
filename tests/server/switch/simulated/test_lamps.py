"""The simulated switch shows lamps as the port promises (KEY-4, VM-4)."""

import pytest

from server.switch.port import Lamp, LampBoard, LampState, MessagesWaiting, SwitchError, SwitchUnavailable
from tests.server.switch.simulated.desk import Desk
from tests.virtual_time import in_virtual_time

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


@in_virtual_time
async def test_who_subscribes_sees_its_own_lamp_where_there_is_one_BOSS_5() -> None:
    desk = await Desk().up()
    await desk.switch.lamps.declare(BOARD)
    board = desk.engine.board
    one, other = board.watch("1001", "*592007"), board.watch("1003", "*592007")
    assert one is not None
    assert other is not None
    assert (one.told, other.told) == ([LampState.EARLY], [LampState.CONFIRMED_HELD])
    assert board.watch("1001", "1002") is not None
    assert board.watch("1001", "1009") is None
    assert board.watch("1009", "1002") is None
    await desk.switch.lamps.show(PAIR_OF_1001, LampState.CONFIRMED)
    await desk.switch.lamps.show(PAIR_OF_1001, LampState.CONFIRMED)
    assert one.told == [LampState.EARLY, LampState.CONFIRMED]
    assert other.told == [LampState.CONFIRMED_HELD]


@in_virtual_time
async def test_a_lamp_that_is_none_any_more_ends_and_others_go_on_KEY_4() -> None:
    desk = await Desk().up()
    await desk.switch.lamps.declare(BOARD)
    stays, goes = desk.engine.board.watch("1001", "1002"), desk.engine.board.watch("1001", "*592007")
    assert stays is not None
    assert goes is not None
    await desk.switch.lamps.declare(LampBoard({COLLEAGUE: LampState.CONFIRMED}, BOARD.watchers))
    assert goes.ended
    assert not stays.ended
    assert stays.told == [LampState.TERMINATED, LampState.CONFIRMED]
    with pytest.raises(SwitchError, match="no lamp"):
        await desk.switch.lamps.show(PAIR_OF_1001, LampState.EARLY)


@in_virtual_time
async def test_one_lamp_of_several_is_for_them_alone_and_goes_on_for_who_stays_KEY_4() -> None:
    desk = await Desk().up()
    watchers = ("1001", "1003", "1005")
    queue = Lamp("6400", among=("1001", "1003"))
    await desk.switch.lamps.declare(LampBoard({queue: LampState.EARLY}, watchers))
    board = desk.engine.board
    one, other = board.watch("1001", "6400"), board.watch("1003", "6400")
    assert one is not None
    assert other is not None
    assert board.watch("1005", "6400") is None
    fewer = Lamp("6400", among=("1003",))
    await desk.switch.lamps.declare(LampBoard({fewer: LampState.EARLY}, watchers))
    assert (one.ended, other.ended) == (True, False)
    await desk.switch.lamps.show(Lamp("6400"), LampState.CONFIRMED)
    assert (one.told, other.told) == ([LampState.EARLY], [LampState.EARLY, LampState.CONFIRMED])


@in_virtual_time
async def test_messages_are_told_and_lost_with_the_engine_VM_4() -> None:
    desk = await Desk().up()
    await desk.switch.lamps.tell_messages("1001", MessagesWaiting(2, 1))
    assert desk.engine.board.messages == {"1001": MessagesWaiting(2, 1)}
    desk.switch.crash()
    with pytest.raises(SwitchUnavailable):
        await desk.switch.lamps.tell_messages("1001", MessagesWaiting())
    assert desk.engine.board.messages == {}
