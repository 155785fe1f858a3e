"""What every phone of the tests can do, whatever program it is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from tests.phones.sound import Sound
from tests.phones.waiting import until

Transport = Literal["udp", "tcp", "tls"]
Srtp = Literal["off", "optional", "mandatory"]

ANSWERS_WITHIN_S = 90.0
"""How long a test waits for the other side before it fails."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a phone is given to register: an account at a PBX. `codecs` in order, by their SDP names."""

    number: str
    secret: str = field(repr=False)
    host: str
    port: int
    transport: Transport = "udp"
    srtp: Srtp = "off"
    codecs: tuple[str, ...] = ("PCMA", "PCMU")
    name: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who an incoming call is from, as the phone shows it."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: the SIP status that the phone was told, None after an answered call.

    `reason`: the `Reason` header of the CANCEL or BYE, where the phone can tell it.
    """

    code: int | None = None
    reason: str = ""


class Refused(Exception):
    """A registration was refused with this SIP status."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the registration was refused with {code}")
        self.code = code


class RealPhone(ABC):
    """A phone with one call at a time, as an async context manager.

    What it says into a call is a tone chosen by `says`; what it hears is recorded. Every wait ends in an
    error after `ANSWERS_WITHIN_S`.
    """

    def __init__(self, line: Line) -> None:
        self.line = line

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def start(self) -> None:
        """Start the program; it does not register yet."""

    @abstractmethod
    async def stop(self) -> None:
        """End the program, and with it every call, whatever state it is in."""

    @abstractmethod
    async def register(self) -> None:
        """Register and wait for the answer; raise `Refused`."""

    @abstractmethod
    def says(self, hz: float) -> None:
        """From the next call on, say this tone."""

    @abstractmethod
    async def dial(self, number: str) -> None:
        """Send an INVITE; returns at once."""

    @abstractmethod
    async def ringback(self) -> None:
        """Wait until the other side rings."""

    @abstractmethod
    async def connected(self) -> None:
        """Wait until the call is answered."""

    @abstractmethod
    async def incoming(self) -> Caller:
        """Wait for a call to ring here."""

    @abstractmethod
    async def answer(self) -> None:
        """Answer the ringing call and wait until it is up."""

    @abstractmethod
    async def reject(self, *, busy: bool = False) -> None:
        """Decline the ringing call (603), or with busy (486)."""

    @abstractmethod
    async def hold(self) -> None:
        """Put the call on hold and wait until that is agreed."""

    @abstractmethod
    async def resume(self) -> None:
        """Take the call back."""

    @abstractmethod
    async def dtmf(self, digits: str) -> None:
        """Send digits (RFC 4733)."""

    @abstractmethod
    async def hangup(self) -> None:
        """End the call, or give it up while it rings."""

    @abstractmethod
    async def ended(self) -> Ending:
        """Wait for the end of the call."""

    @abstractmethod
    def heard(self) -> Sound:
        """Everything it heard in its latest call, up to now."""

    @abstractmethod
    def digits(self) -> str:
        """Digits received in the latest call."""

    async def hears_for(self, ms: float) -> Sound:
        """Listen for `ms` more, and return what was heard in that time."""
        before = self.heard().ms
        await until(
            lambda: self.heard().ms >= before + ms,
            f"phone {self.line.number} records {ms} ms",
            timeout_s=ANSWERS_WITHIN_S + 4 * ms / 1000,
        )
        return self.heard().since(before)

    async def gets_digits(self, expected: str) -> None:
        """Wait until exactly these digits have arrived."""
        await until(
            lambda: self.digits() == expected or self._unlike(expected),
            f"phone {self.line.number} gets the digits {expected!r}",
            timeout_s=ANSWERS_WITHIN_S,
        )

    def _unlike(self, expected: str) -> bool:
        if not expected.startswith(self.digits()):
            raise AssertionError(f"wanted the digits {expected!r}, got {self.digits()!r}")
        return False
