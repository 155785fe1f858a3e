"""Ports: parsing, binding, and choosing free ones that a later run finds again."""

import json
import random
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from server.services.vault import write_private
from server.settings import RtpSettings, Settings

MEMORY_NAME = "ports.json"
RTP_RANGE = 400
BACKLOG = 1024
_TRIES = 50


class PortTaken(Exception):
    """A port cannot be used; the message says which, why, and what to do."""


def listen(host: str, port: int, *, what: str, option: str) -> socket.socket:
    """A listening TCP socket.

    Raises:
        PortTaken: another program has it, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortTaken(f"{host} is no address that {what} can listen on: {error.strerror}.") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise PortTaken(
            f"{what} cannot listen on {host}:{port}: {error.strerror}. Stop the program that uses it, "
            f"or choose another with {option}."
        ) from error
    return bound


def settle(settings: Settings) -> Settings:
    """The same settings with every port 0 of SIP and RTP replaced by a free one.

    What was chosen once is kept in the data folder: an Asterisk that outlived its server still has it.
    """
    memory = _read(settings.data)
    sip = (
        settings.sip.port
        or memory.get("sip")
        or _free(settings.sip.host, (socket.SOCK_DGRAM, socket.SOCK_STREAM))
    )
    sips = (
        settings.sips.port
        or memory.get("sips")
        or _free(settings.sips.host, (socket.SOCK_STREAM,), avoid=sip)
    )
    low, high = settings.rtp.low, settings.rtp.high
    if low == 0:
        low, high = memory.get("rtp") or _free_range()
    _write(settings.data, memory | {"sip": sip, "sips": sips, "rtp": [low, high]})
    return settings.model_copy(
        update={
            "sip": settings.sip.model_copy(update={"port": sip}),
            "sips": settings.sips.model_copy(update={"port": sips}),
            "rtp": RtpSettings(low=low, high=high),
        }
    )


def listen_http(settings: Settings) -> socket.socket:
    """The socket of the API. Port 0: the one of the last run if it is free, else a new one.

    Raises:
        PortTaken: see `listen`.
    """
    host, option = settings.http.host, "--http HOST:PORT"
    if settings.http.port:
        return listen(host, settings.http.port, what="The API", option=option)
    memory = _read(settings.data)
    try:
        bound = listen(host, memory.get("http", 0), what="The API", option=option)
    except PortTaken:
        bound = listen(host, 0, what="The API", option=option)
    _write(settings.data, memory | {"http": bound.getsockname()[1]})
    return bound


def _free(host: str, kinds: tuple[socket.SocketKind, ...], *, avoid: int = 0) -> int:
    for _ in range(_TRIES):
        with ExitStack() as stack:
            first = stack.enter_context(socket.socket(_family(host), kinds[0]))
            first.bind((host, 0))
            port: int = first.getsockname()[1]
            if port == avoid or not all(_can_bind(host, port, kind) for kind in kinds[1:]):
                continue
            return port
    raise PortTaken(f"No free port was found on {host}.")


def _free_range() -> tuple[int, int]:
    for _ in range(_TRIES):
        low = random.randrange(20000, 32000 - RTP_RANGE, 2)  # noqa: S311  (below what systems give to clients)
        high = low + RTP_RANGE - 1
        if all(_can_bind("0.0.0.0", port, socket.SOCK_DGRAM) for port in range(low, high, 20)):
            return low, high
    raise PortTaken("No free range of UDP ports for RTP was found: give one with --rtp LOW-HIGH.")


def _can_bind(host: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(_family(host), kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _read(data: Path) -> dict[str, Any]:
    try:
        memory: dict[str, Any] = json.loads((data / MEMORY_NAME).read_bytes())
    except (OSError, ValueError):
        return {}
    return memory


def _write(data: Path, memory: dict[str, Any]) -> None:
    if memory != _read(data):
        write_private(data / MEMORY_NAME, json.dumps(memory).encode())
