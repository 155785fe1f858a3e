"""The simulated switch plays music on hold as the port promises (SIP-4, Q-5)."""

from pathlib import Path

import pytest

from server.switch.port import SILENCE, LegGone, Sound, SwitchError
from tests.server.switch.simulated.desk import Desk
from tests.virtual_time import in_virtual_time


@in_virtual_time
async def test_a_parked_caller_hears_music_until_it_is_stopped_SIP_4() -> None:
    desk = await Desk().up()
    _, dialog, leg = await desk.answered()
    await leg.start_music()
    await leg.start_music()
    assert dialog.music == "default"
    await leg.play(Sound.prompt("beep"))
    assert dialog.music == "default"
    await leg.stop_music()
    await leg.stop_music()
    assert dialog.music == ""


@in_virtual_time
async def test_a_bridge_ends_the_music_and_in_a_bridge_it_can_begin_again_SIP_4() -> None:
    desk = await Desk().up()
    _, dialog, leg = await desk.answered()
    bridge = await desk.switch.bridge("b")
    await leg.start_music()
    await bridge.add(leg)
    assert dialog.music == ""
    await leg.start_music()
    assert dialog.music == "default"


@in_virtual_time
async def test_unknown_music_and_a_leg_that_is_gone_are_told_Q_5() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    with pytest.raises(SwitchError, match="no music polka"):
        await leg.start_music("polka")
    await leg.start_music()
    phone.hang_up(dialog)
    assert dialog.music == ""
    with pytest.raises(LegGone):
        await leg.start_music()
    await leg.stop_music()


@in_virtual_time
async def test_the_music_that_was_chosen_for_a_leg_stands_for_the_usual_one_if_it_is_there_Q_5() -> None:
    desk = await Desk().up()
    phone, dialog, leg = await desk.answered()
    await leg.choose_music("polka")
    await leg.start_music()
    assert dialog.music == "default"
    await desk.switch.set_music({"polka": [Path("/polka")]})
    await leg.start_music()
    assert dialog.music == "polka"
    await leg.start_music(SILENCE)
    assert dialog.music == SILENCE
    await leg.choose_music("default")
    await leg.start_music()
    assert dialog.music == "default"
    phone.hang_up(dialog)
    with pytest.raises(LegGone):
        await leg.choose_music("polka")
