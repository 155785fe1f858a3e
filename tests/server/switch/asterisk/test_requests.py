"""What a refusal of the engine means: that the leg is gone, of which it tells in a moment, or a failure."""

import asyncio

import pytest

from server.switch.asterisk.ari import AriError
from server.switch.asterisk.control import Control
from server.switch.asterisk.legs import AsteriskLeg
from server.switch.port import LegGone, Party
from tests.virtual_time import in_virtual_time


async def refused() -> None:
    """An answer to a caller who gives up in this moment."""
    raise AriError(500, "Failed to answer", "channels/1/answer")


def a_leg() -> AsteriskLeg:
    control = Control(lambda _leg: None)
    return AsteriskLeg(control, "1", number="1001", inbound=True, caller=Party("1001"))


@pytest.mark.parametrize("after_s", [0.0, 0.5, 3.0])
@in_virtual_time
async def test_a_caller_who_gives_up_is_gone_though_the_machine_stands_still_meanwhile_A_3(after_s):
    leg = a_leg()
    asyncio.get_running_loop().call_later(after_s, leg.end)
    with pytest.raises(LegGone):
        await Control(lambda _leg: None).on_leg(leg, refused())


@in_virtual_time
async def test_a_refusal_about_a_leg_that_stays_is_a_failure_A_3():
    with pytest.raises(AriError, match="Failed to answer"):
        await Control(lambda _leg: None).on_leg(a_leg(), refused())
