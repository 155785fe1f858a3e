"""Which of this machine's addresses faces the PBX, and what a host name means; nothing is sent."""

import ipaddress
import socket


def local_address(host: str, port: int) -> str:
    """This machine's IPv4 address towards `host` (an address); empty if there is no route now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def is_address(host: str) -> bool:
    """Whether `host` needs no name service."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def resolve(host: str) -> str:
    """The first IPv4 address of `host`, or `host` itself if it has none now. It blocks."""
    try:
        found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_DGRAM)
    except OSError:
        return host
    return str(found[0][4][0])
