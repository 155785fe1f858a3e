"""What is known of each trunk: its registration and whether its carrier answers. Pure, no I/O."""

import itertools
from collections.abc import Mapping

from server.switch.port import SipTrunk, TrunkKind, TrunkState, TrunkStatus

_ANSWERS = {"Reachable": True, "Unreachable": False}
"""By what the engine calls a contact; it has other words for one that it has not asked (yet)."""
_TEMPORARY = frozenset({408, 413, 480, 486, 500, 502, 503, 504})
"""Refusals after which a registrar may take us yet (as Asterisk sees it, too)."""


class TrunkTable:
    """States of trunks by name, of those that the engine has."""

    def __init__(self) -> None:
        self._up = False
        self._registrations: dict[str, TrunkState] = {}
        self._answers: dict[str, bool] = {}
        self._attempts: dict[str, int] = {}
        self._numbers = itertools.count(1)

    def state(self, trunk: SipTrunk) -> TrunkState:
        """What is known now."""
        if not self._up:
            return TrunkState(TrunkStatus.UNKNOWN)
        answers = self._answers.get(trunk.name) if trunk.qualify else None
        silent = TrunkState(TrunkStatus.UNREACHABLE, f"{trunk.host}:{trunk.port} does not answer.")
        if trunk.kind is TrunkKind.PEER:
            if answers is None:
                return TrunkState(TrunkStatus.UNKNOWN)
            return TrunkState(TrunkStatus.REACHABLE) if answers else silent
        registration = self._registrations.get(trunk.name, TrunkState(TrunkStatus.REGISTERING))
        return silent if registration.status is TrunkStatus.REGISTERED and answers is False else registration

    def replace(self, registrations: Mapping[str, str], answers: Mapping[str, str]) -> None:
        """Take in what an engine has: status of registrations and of contacts, by trunk."""
        self.clear()
        self._up = True
        for name, status in registrations.items():
            if self.registration(name, status) is not None:
                self._registrations[name] = _failure(None)
        for name, status in answers.items():
            self.contact(name, status)

    def clear(self) -> None:
        """Nothing is known."""
        self._up = False
        self._registrations.clear()
        self._answers.clear()
        self._attempts.clear()

    def forget(self, name: str) -> None:
        """A trunk is gone."""
        self.forget_registration(name)
        self._answers.pop(name, None)

    def forget_registration(self, name: str) -> None:
        """A registration is gone, or is made anew."""
        self._registrations.pop(name, None)
        self._attempts.pop(name, None)

    def registration(self, name: str, status: str) -> int | None:
        """A REGISTER ended so; the number of the attempt if it failed: then `failed` says why."""
        attempt = self._attempts[name] = next(self._numbers)
        if status not in ("Registered", "Unregistered"):
            return attempt
        # One is withdrawn only to be made anew, else its trunk is gone.
        known = TrunkStatus.REGISTERED if status == "Registered" else TrunkStatus.REGISTERING
        self._registrations[name] = TrunkState(known)
        return None

    def failed(self, name: str, attempt: int, code: int | None) -> bool:
        """An attempt failed with a SIP status (0: nothing came, None: nobody knows); whether that counts."""
        if self._attempts.get(name) != attempt:
            return False
        self._registrations[name] = _failure(code)
        return True

    def contact(self, name: str, status: str) -> bool:
        """The carrier answers, or does not; whether it is back after a silence."""
        answers = _ANSWERS.get(status)
        if answers is None:
            return False
        back = answers and self._answers.get(name) is False
        self._answers[name] = answers
        return back


def _failure(code: int | None) -> TrunkState:
    if code is None:
        return TrunkState(TrunkStatus.REJECTED, "The carrier did not take the registration.")
    if code == 0:
        return TrunkState(TrunkStatus.UNREGISTERED, "The carrier does not answer the registration.")
    if code in _TEMPORARY:
        return TrunkState(TrunkStatus.UNREGISTERED, f"The carrier cannot register us now (SIP {code}).")
    advice = ": check user name and secret" if code in (401, 403, 404, 407) else ""
    return TrunkState(TrunkStatus.REJECTED, f"The carrier refused the registration (SIP {code}){advice}.")
