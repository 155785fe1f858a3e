"""Ports for the demo: the usual ones where they are free, else others."""

import random
import socket
from dataclasses import dataclass

HTTP, SIP, SIPS = 8111, 5060, 5061
RTP_LOW, RTP_HIGH = 10000, 12000
RTP_SIZE = 400
"""Ports of a media range that is not the usual one."""
TRIES = 50


@dataclass(frozen=True)
class Ports:
    """Where the demo's server listens."""

    http: int
    sip: int
    sips: int
    rtp: tuple[int, int]

    @property
    def usual(self) -> bool:
        """Whether these are the product's defaults."""
        return (self.http, self.sip, self.sips) == (HTTP, SIP, SIPS)


def choose() -> Ports:
    """Ports nobody listens on now."""
    taken: set[int] = set()
    http = _free(HTTP, taken, udp=False)
    sip = _free(SIP, taken, udp=True)
    sips = _free(SIPS, taken, udp=False)
    return Ports(http, sip, sips, _media() if sip != SIP else (RTP_LOW, RTP_HIGH))


def _free(wanted: int, taken: set[int], *, udp: bool) -> int:
    port = wanted
    for _ in range(TRIES):
        if port not in taken and is_free(port, udp=udp):
            taken.add(port)
            return port
        with socket.socket() as any_port:
            any_port.bind(("0.0.0.0", 0))
            port = int(any_port.getsockname()[1])
    raise OSError(f"no free port could be found in {TRIES} tries")


def is_free(port: int, *, udp: bool) -> bool:
    """Whether the port can be listened on: TCP, and UDP too if `udp`."""
    kinds = [socket.SOCK_STREAM, *([socket.SOCK_DGRAM] if udp else [])]
    for kind in kinds:
        with socket.socket(type=kind) as trial:
            if kind == socket.SOCK_STREAM:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def _media() -> tuple[int, int]:
    """Another server uses the usual ports, so its media range is left alone too."""
    low = 2 * random.SystemRandom().randrange(13000 // 2, 30000 // 2)
    return low, low + RTP_SIZE
