"""The command line, in this process."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from server.cli import app

CHEAP = {"LINKUS_AUTH__ARGON2": '{"time_cost": 1, "memory_kib": 8}'}
"""Password hashes that cost little."""


def cheap(tls_folder: Path) -> dict[str, str]:
    """Settings from the environment: cheap hashes, and a certificate that is there already."""
    certificate, key = tls_folder / "certificate.pem", tls_folder / "key.pem"
    return CHEAP | {"LINKUS_HTTP__CERTIFICATE": str(certificate), "LINKUS_HTTP__KEY": str(key)}


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


async def command(*arguments: str, data: Path, text: str = "") -> Done:
    """Run a command on a data folder in a thread and an event loop of its own, beside the server in ours.

    `text` is on its standard input.
    """
    words = [*arguments, "--data", str(data)]
    result = await asyncio.to_thread(CliRunner().invoke, app, words, input=text, env=CHEAP)
    return Done(result.exit_code, result.stdout, result.stderr)
