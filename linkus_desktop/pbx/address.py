"""Where a server is: host and port."""

import ipaddress
import re
from dataclasses import dataclass

DEFAULT_PORT = 8111

_HOST = re.compile(r"^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*\.?$")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A host (name, IPv4 or IPv6 literal without brackets) and the port of the API."""

    host: str
    port: int = DEFAULT_PORT

    @classmethod
    def parse(cls, text: str) -> "ServerAddress":
        """Read `host`, `host:port`, `[ipv6]:port` or a bare IPv6 literal, also with `https://` before it.

        Raises `ValueError` with a text for people.
        """
        given = text
        text = text.strip()
        text = re.sub(r"^https://", "", text, flags=re.IGNORECASE).rstrip("/")
        if not text:
            raise ValueError(
                "The server's address is empty. Enter a name or an address, such as pbx.example.com."
            )
        host, port = _split(text)
        if not _is_host(host):
            raise ValueError(
                f"{given.strip()!r} is not a server address. Enter a name or an address, such as "
                "pbx.example.com or 192.168.1.5:8111."
            )
        return cls(host.lower(), _port(port))

    @property
    def netloc(self) -> str:
        """Host and port as they stand in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The base URL of the API, without a slash at the end."""
        return f"https://{self.netloc}"

    def __str__(self) -> str:
        """As a person writes it: the port only where it is not the usual one."""
        if self.port != DEFAULT_PORT:
            return self.netloc
        return self.host


def _split(text: str) -> tuple[str, str | None]:
    if bracketed := re.fullmatch(r"\[([^\]]*)\](?::(.*))?", text):
        return bracketed[1], bracketed[2]
    if text.count(":") > 1:
        return text, None
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _port(text: str | None) -> int:
    if text is None:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 65536:
        raise ValueError(f"{text!r} is not a port. Enter a number from 1 to 65535, usually {DEFAULT_PORT}.")
    return int(text)


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if re.fullmatch(r"[0-9.]+", host):  # looks like IPv4, and is not
            return False
        try:
            host = host.encode("idna").decode("ascii") if not host.isascii() else host
        except UnicodeError:
            return False
        return _HOST.match(host) is not None and len(host) <= 253
    return True
