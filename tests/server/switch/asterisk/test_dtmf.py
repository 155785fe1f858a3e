"""What Asterisk tells of digits, as seen, and which of it counts (SIP-4)."""

from collections.abc import Sequence

from server.switch.asterisk.control import Control
from server.switch.asterisk.dtmf import digit_of, is_release
from server.switch.asterisk.legs import AsteriskLeg
from server.switch.port import Party


def digits_in(told: Sequence[str]) -> str:
    """Told as `+5` (a beginning), `-5` (an end), and `>5` or `<5` for those that were sent, not received."""
    leg = AsteriskLeg(Control(lambda _: None), "a", number="1001", inbound=True, caller=Party("1001"))
    events = {"+": "DTMFBegin", "-": "DTMFEnd", ">": "DTMFBegin", "<": "DTMFEnd"}
    messages = [
        {
            "Event": events[sign],
            "Digit": digit,
            "Direction": "Received" if sign in "+-" else "Sent",
            "Uniqueid": "a",
        }
        for sign, digit in told
    ]
    return "".join(digit_of(message, leg) or "" for message in messages)


async def test_ends_that_are_told_again_do_not_count_SIP_4() -> None:
    assert digits_in(["+5", "+5", "-5", "-5", ">5", "+6", "<5", "-6", ">6", "-6", "<6", "+5", "-5"]) == "5565"


async def test_digits_without_a_beginning_count_by_their_end_SIP_4() -> None:
    assert digits_in(["-7", ">7", "<7", "-7", "-8"]) == "778"


async def test_once_there_was_a_beginning_ends_do_not_count_SIP_4() -> None:
    assert digits_in(["-7", "+1", "-1", "-1"]) == "71"


def test_a_key_is_released_when_the_phone_ends_its_digit_not_when_it_is_sent_on_SIP_4() -> None:
    assert is_release({"Event": "DTMFEnd", "Direction": "Received", "Digit": "5"})
    assert not is_release({"Event": "DTMFEnd", "Direction": "Sent", "Digit": "5"})
    assert not is_release({"Event": "DTMFBegin", "Direction": "Received", "Digit": "5"})
