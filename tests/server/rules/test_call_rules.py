"""Pure decisions of calls: numbers, outcomes, lamps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.contract.extensions import CallState
from server.rules.lines import LegView, Line
from server.rules.numbers import MAX_DIALLED, canonical, printable
from server.rules.outcomes import MEANING, Ending, best_ending, ending_of_code, ending_outside


@pytest.mark.parametrize(
    ("dialled", "number"),
    [
        ("1002", "1002"),
        ("+420 530-335 533", "+420530335533"),
        ("(10) 0.2/3", "10023"),
        ("*592007", "*592007"),
        ("#", "#"),
        ("", None),
        ("+", None),
        ("1+2", None),
        ("abc", None),
        ("12x", None),
        ("١٢", None),
        ("1" * MAX_DIALLED, "1" * MAX_DIALLED),
        ("1" * (MAX_DIALLED + 1), None),
        (" " * 100 + "1", None),
    ],
)
def test_a_number_is_what_people_write_and_nothing_else(dialled, number):
    assert canonical(dialled) == number


@given(st.text())
def test_anything_may_be_dialled_and_logged(dialled):
    number = canonical(dialled)
    assert number is None or number.isascii()
    shown = printable(dialled)
    assert shown.isprintable()
    assert len(shown) <= 65
    shown.encode()


@pytest.mark.parametrize(
    ("codes", "ending"),
    [
        ([], Ending.UNREGISTERED),
        ([486], Ending.BUSY),
        ([486, 603], Ending.DECLINED),
        ([480, 486, None], Ending.BUSY),
        ([None, 503], Ending.NO_ANSWER),
        ([404, 488], Ending.UNREGISTERED),
        ([488, 500], Ending.FAILED),
    ],
)
def test_the_best_refusal_is_what_the_caller_hears(codes, ending):
    """RFC 3261, 16.7 point 6."""
    assert best_ending(map(ending_of_code, codes)) is ending


@given(st.lists(st.none() | st.integers(300, 699), min_size=1))
def test_the_best_refusal_is_one_of_those_given_in_any_order(codes):
    endings = [ending_of_code(code) for code in codes]
    assert best_ending(endings) is best_ending(list(reversed(endings)))
    assert best_ending(endings) in endings


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        (404, Ending.UNKNOWN_NUMBER),
        (484, Ending.UNKNOWN_NUMBER),
        (480, Ending.NO_ANSWER),
        (486, Ending.BUSY),
        (603, Ending.DECLINED),
        (403, Ending.FAILED),
        (408, Ending.FAILED),
        (503, Ending.FAILED),
        (None, Ending.FAILED),
    ],
)
def test_a_carrier_speaks_for_the_number_or_is_at_fault_itself_ADMIN_2(code, ending):
    assert ending_outside(code) is ending


def test_every_ending_has_a_meaning():
    assert set(MEANING) == set(Ending)


UP = LegView(inbound=False, ringing=False, up=True, held=False)
HELD = LegView(inbound=False, ringing=False, up=True, held=True)
RINGING = LegView(inbound=False, ringing=True, up=False, held=False)
SILENT = LegView(inbound=False, ringing=False, up=False, held=False)
DIALLING = LegView(inbound=True, ringing=True, up=False, held=False)


@pytest.mark.parametrize(
    ("legs", "state"),
    [
        ([], CallState.IDLE),
        ([SILENT], CallState.IDLE),
        ([RINGING, SILENT], CallState.RINGING),
        ([DIALLING], CallState.TALKING),
        ([UP, RINGING], CallState.TALKING),
        ([HELD, RINGING], CallState.RINGING),
        ([HELD, UP], CallState.TALKING),
        ([HELD], CallState.HELD),
    ],
)
def test_a_lamp_shows_what_matters_most_KEY_3(legs, state):
    for order in (legs, legs[::-1]):
        line = Line()
        for position, leg in enumerate(order):
            line.put(str(position), UP)
            line.put(str(position), leg)
        assert line.state is state
        line.put("another", UP)
        line.drop("another")
        line.drop("another")
        assert line.state is state
        for position in range(len(legs)):
            assert line
            line.drop(str(position))
        assert line.state is CallState.IDLE
        assert not line
