"""AUTH-6: texts that people can act on."""

import pytest

from linkus_desktop.pbx.errors import Locked, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 second"),
        (1, "1 second"),
        (58.2, "59 seconds"),
        (60, "1 minute"),
        (89, "89 seconds"),
        (91, "2 minutes"),
        (600, "10 minutes"),
        (601, "11 minutes"),
        (3600, "1 hour"),
        (7000, "2 hours"),
    ],
)
def test_a_wait_is_never_told_shorter_than_it_is(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_lock_says_how_long_and_who_can_help_AUTH_6() -> None:
    assert "Try again in 15 minutes, or ask your administrator" in str(Locked(900))
