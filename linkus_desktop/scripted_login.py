"""A login handed over on standard input, so that no secret stands on a command line."""

import json
from dataclasses import dataclass, field
from typing import Any

from linkus_desktop.pbx.address import ServerAddress

LONGEST = 65536
"""Bytes of the line that are read."""


@dataclass(frozen=True)
class ScriptedLogin:
    """Who logs in, and where; nothing of it is remembered. With one address only it is `lan`."""

    lan: ServerAddress
    wan: ServerAddress | None
    user: str
    password: str = field(repr=False)
    fingerprint: str | None = None


def parse(line: str) -> ScriptedLogin:
    """Read one line of JSON: `{"server": …, "user": …, "password": …}`.

    Instead of `server`, or beside it, `lan` and `wan` may stand; `fingerprint` is that of the server's
    certificate. Raises `ValueError` with a text that does not repeat the password.
    """
    try:
        given = json.loads(line)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise ValueError(  # noqa: TRY004  one error for every bad login
            'Standard input must be one line of JSON: {"server": "…", "user": "…", "password": "…"}.'
        )
    lan, wan = _text(given, "lan") or _text(given, "server"), _text(given, "wan")
    if not (lan or wan):
        raise ValueError('The login on standard input has no "server" (or "lan", "wan").')
    user, password = _text(given, "user"), _text(given, "password")
    if not (user and password):
        raise ValueError(f'The login on standard input has no "{"password" if user else "user"}".')
    first = ServerAddress.parse(lan or wan)
    second = ServerAddress.parse(wan) if lan and wan else None
    return ScriptedLogin(first, second, user, password, _text(given, "fingerprint") or None)


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name) or ""
    if not isinstance(value, str):
        raise ValueError(f'"{name}" of the login on standard input must be a text.')  # noqa: TRY004
    return value
