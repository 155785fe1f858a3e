"""Free ports on the loopback address."""

import os
import random
import socket
from collections.abc import Iterable
from pathlib import Path

LOOPBACK = "127.0.0.1"

_LOW, _HIGH = 10000, 20000
"""Below what Linux hands out by itself, and what servers choose for RTP: nobody takes one between our look
and its use. Each process of a test run has its own part."""
_PARTS = 4
_handed_out = -1
"""The last one that was handed out: it is not given again to who asks in the moment before it is used."""


def _own_part() -> tuple[int, int]:
    digits = "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "")))
    size = (_HIGH - _LOW) // _PARTS
    low = _LOW + int(digits or 0) % _PARTS * size
    return low, low + size


def free_port() -> int:
    """A port that is free now, for UDP and for TCP."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """First of `count` adjoining ports, free for UDP and TCP; an even number, as RTP wants it."""
    global _handed_out  # noqa: PLW0603  one for each process
    low, high = _own_part()
    for _ in range(high - low):
        first = _handed_out + 1 + (_handed_out + 1) % 2
        if not low <= first < high - count:
            first = random.randrange(low, low + (high - low) // 2, 2) if _handed_out < 0 else low
        _handed_out = first + count - 1
        if _all_free(range(first, first + count)):
            return first
    raise OSError(f"no {count} adjoining free ports between {low} and {high} on {LOOPBACK}")


def udp_port_is_taken(port: int) -> bool:
    """Whether a program listens there; looked up, not tried: a try would be in the way of who comes."""
    return any(line.split()[1].endswith(f":{port:04X}") for line in _udp_sockets())


def _udp_sockets() -> list[str]:
    return Path("/proc/net/udp").read_text().splitlines()[1:]


def _all_free(ports: Iterable[int]) -> bool:
    for port in ports:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                try:
                    probe.bind((LOOPBACK, port))
                except OSError:
                    return False
    return True
