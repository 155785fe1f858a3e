"""SIP-12: which numbers lead to an emergency service."""

import pytest

from linkus_desktop.calls.emergency import is_emergency


@pytest.mark.parametrize("number", ["112", "911", "999", "150", "0112", "0150", "00112", "+112", "9911"])
def test_emergency_numbers_are_known_with_a_prefix_too_SIP_12(number: str) -> None:
    assert is_emergency(number, ["150"])


@pytest.mark.parametrize("ordinary", ["", "11", "1501", "2001", "+420530335150", "1121", "91"])
def test_other_numbers_are_none_of_an_emergency_SIP_12(ordinary: str) -> None:
    assert not is_emergency(ordinary, ["150"])


def test_a_colleague_is_no_emergency_but_the_emergency_number_itself_is_SIP_12() -> None:
    assert is_emergency("1112", [])
    assert not is_emergency("1112", [], colleague=True)
    assert is_emergency("112", [], colleague=True)
