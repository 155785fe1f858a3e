"""When to try to register again, and what to tell about a failure (SIP-1); no I/O.

Many phones lose their PBX at the same moment, so every wait is random within bounds; what cannot get
better by itself soon (a wrong password) is tried seldom, what may be back at once is tried soon.
"""

import random
from dataclasses import dataclass
from enum import Enum, auto

from linkus_desktop.sip.reasons import text_for


class Failure(Enum):
    """Kinds of failed registration."""

    REFUSED = auto()
    """Wrong secret, unknown or forbidden: only a new login or an administrator helps."""
    NO_ANSWER = auto()
    """Nothing came back in time."""
    NO_CONNECTION = auto()
    """The connection was refused, lost or never made."""
    SERVER = auto()
    """The PBX answered that it cannot now (5xx and the like)."""


FIRST_WAIT_S: dict[Failure, tuple[float, float]] = {
    Failure.REFUSED: (60.0, 120.0),
    Failure.NO_ANSWER: (1.0, 3.0),
    Failure.NO_CONNECTION: (0.5, 1.5),
    Failure.SERVER: (2.0, 5.0),
}
"""Bounds of the wait after the first failure in a row, seconds."""

LONGEST_WAIT_S: dict[Failure, tuple[float, float]] = {
    Failure.REFUSED: (60.0, 120.0),
    Failure.NO_ANSWER: (15.0, 40.0),
    Failure.NO_CONNECTION: (8.0, 20.0),
    Failure.SERVER: (20.0, 45.0),
}
"""Bounds that the wait doubles up to."""

_NOT_REFUSED = frozenset({408, 423, 480, 486, 491})


@dataclass(frozen=True)
class RegistrationFailure:
    """A failed REGISTER: `code` is the SIP status, `detail` what the system said when nothing got through."""

    kind: Failure
    code: int
    text: str


def classify(code: int, detail: str, server: str, *, local: bool) -> RegistrationFailure:
    """Sort a failed REGISTER to `server` (as shown to people).

    `local`: the code was made up by our own stack, because no answer came.
    """
    if local or code == 408:
        if code in (0, 408) or "timed out" in detail.lower():
            return RegistrationFailure(
                Failure.NO_ANSWER,
                code,
                f"The PBX at {server} does not answer. Check the network; still trying.",
            )
        why = f" ({detail})" if detail else ""
        return RegistrationFailure(
            Failure.NO_CONNECTION, code, f"The PBX at {server} cannot be reached{why}. Still trying."
        )
    if code in (401, 403, 407):
        return RegistrationFailure(
            Failure.REFUSED,
            code,
            f"The PBX at {server} refused this phone (SIP {code}). Log in again, or ask your administrator.",
        )
    if code == 404:
        return RegistrationFailure(
            Failure.REFUSED,
            code,
            f"The PBX at {server} does not know this extension (SIP 404). Ask your administrator.",
        )
    kind = Failure.REFUSED if 400 <= code < 500 and code not in _NOT_REFUSED else Failure.SERVER
    return RegistrationFailure(kind, code, f"{text_for(code)}: registration at {server} failed (SIP {code}).")


def wrong_certificate(server: str) -> RegistrationFailure:
    """The PBX proved by TLS to be another one than the user logged in to; nothing was sent to it."""
    return RegistrationFailure(
        Failure.REFUSED,
        0,
        f"The PBX at {server} showed another certificate than at the log-in, so the phone did not register: "
        "someone may be pretending to be your PBX. Ask your administrator.",
    )


def retry_wait(kind: Failure, tries: int, dice: random.Random) -> float:
    """Seconds to wait after `tries` failures in a row (1 or more): doubling, bounded, jittered."""
    low, high = FIRST_WAIT_S[kind]
    low_end, high_end = LONGEST_WAIT_S[kind]
    factor = 2.0 ** min(tries - 1, 10)
    return dice.uniform(min(low * factor, low_end), min(high * factor, high_end))
