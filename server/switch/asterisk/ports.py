"""Which ports are free, and who has the others.

Asterisk starts even when it cannot bind a transport, and only logs it. So the ports are looked at before it
starts (to name the program that has one) and after (to see that Asterisk itself has them).
"""

import random
import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Protocol = Literal["udp", "tcp"]

_LISTEN = "0A"
LOWEST_DYNAMIC = 20000
HIGHEST_DYNAMIC = 32000
TRIES = 50


@dataclass(frozen=True, slots=True)
class Port:
    """A port that the engine needs, and what for (`SIP`, `ARI`, …)."""

    protocol: Protocol
    host: str
    number: int
    purpose: str
    setting: str
    """Name of the setting by which a person changes it."""


def taken(port: Port) -> str | None:
    """Why `port` cannot be had, as a sentence for a person; None if it can."""
    try:
        with _bound(port.protocol, port.host, port.number):
            return None
    except PermissionError:
        return (
            f"{port.purpose} port {port.number}/{port.protocol} needs more rights: ports below 1024 are for "
            f"root. Set `{port.setting}` to a higher one."
        )
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno in (99, 97):
            return (
                f"{port.purpose} cannot use the address {port.host}: this machine does not have it. Correct "
                f"the setting `{port.setting.rsplit('.', 1)[0]}.host`."
            )
        by = holder(port.protocol, port.number)
        return (
            f"{port.purpose} port {port.number}/{port.protocol} is in use by {by or 'another program'}. Stop "
            f"it, or choose another port with `{port.setting}`."
        )


def free_port(host: str, protocols: Iterable[Protocol]) -> int:
    """A port that is free for all of `protocols` at once; raises `OSError` if none is found."""
    for _ in range(TRIES):
        number = random.randint(LOWEST_DYNAMIC, HIGHEST_DYNAMIC)  # noqa: S311
        with ExitStack() as stack, suppress(OSError):
            for protocol in protocols:
                stack.enter_context(_bound(protocol, host, number))
            return number
    raise OSError("no free port found")


def free_range(size: int) -> tuple[int, int]:
    """First and last of `size` UDP ports that are all free, the first one even."""
    for _ in range(TRIES):
        low = random.randrange(LOWEST_DYNAMIC, HIGHEST_DYNAMIC - size, 2)  # noqa: S311
        if not udp_in_use(low, low + size - 1):
            return low, low + size - 1
    raise OSError("no free range of ports found")


def udp_in_use(low: int, high: int) -> set[int]:
    """UDP ports from `low` to `high` that some program has."""
    return {port for port, _ in _sockets("udp") if low <= port <= high}


def ports_of(pid: int) -> set[tuple[Protocol, int]]:
    """Ports on which a process listens (TCP) or receives (UDP); empty if it may not be looked into."""
    inodes = _inodes_of(pid)
    protocols: tuple[Protocol, ...] = ("udp", "tcp")
    return {(proto, port) for proto in protocols for port, inode in _sockets(proto) if inode in inodes}


def holder(protocol: Protocol, number: int) -> str | None:
    """The program that has a port, as `name (pid)`, where the system tells us."""
    wanted = {inode for port, inode in _sockets(protocol) if port == number}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and wanted & _inodes_of(int(folder.name)):
            with suppress(OSError):
                return f"{(folder / 'comm').read_text().strip()} (process {folder.name})"
    return None


def _bound(protocol: Protocol, host: str, number: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    sock = socket.socket(family, kind)
    try:
        if protocol == "tcp":
            # As Asterisk does: connections of its predecessor in TIME_WAIT are no obstacle.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, number))
        if protocol == "tcp":
            sock.listen(1)
    except BaseException:
        sock.close()
        raise
    return sock


def _sockets(protocol: Protocol) -> Iterator[tuple[int, str]]:
    """Local port and inode of each UDP socket or listening TCP socket."""
    for name in (protocol, f"{protocol}6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
                fields = line.split()
                if protocol == "udp" or fields[3] == _LISTEN:
                    yield int(fields[1].rsplit(":", 1)[1], 16), fields[9]


def _inodes_of(pid: int) -> set[str]:
    inodes = set()
    with suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                target = str(link.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    return inodes
