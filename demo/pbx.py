"""The demo company's PBX: `linkus-pbx` as a process of its own, filled through its API."""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from demo import avatars, company
from demo.ports import Ports
from demo.processes import DemoError, Stage, output

CLI = (sys.executable, "-m", "server.cli")
READY_WITHIN_S = 60.0


@dataclass(frozen=True)
class Secrets:
    """Passwords of the demo company, by user. They are shown on purpose: nothing real hangs on them."""

    admin: str
    passwords: dict[str, str]
    sip_secrets: dict[str, str]

    def save(self, path: Path) -> None:
        """Write them where only their owner can read them."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.__dict__, file, indent=2)

    @classmethod
    def load(cls, path: Path) -> "Secrets | None":
        """Read them back; None if there are none yet."""
        try:
            return cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


class Pbx:
    """A running server and its API.

    Attributes:
        ports: where it listens.
        secrets: who logs in with what.
    """

    def __init__(self, stage: Stage, ports: Ports, api: aiohttp.ClientSession) -> None:
        self.stage = stage
        self.ports = ports
        self.secrets = Secrets("", {}, {})
        self._api = api

    @property
    def data(self) -> Path:
        """The server's data folder."""
        return data_folder(self.stage)

    def fingerprint(self) -> str:
        """SHA-256 of the server's certificate, as the client shows and remembers it."""
        pem = (self.data / "tls" / "certificate.pem").read_text()
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))

    async def request(self, method: str, path: str, **more: Any) -> Any:
        """One call of the API as administrator; its JSON answer.

        Raises:
            DemoError: the server said no.
        """
        async with self._api.request(method, f"/api/v1{path}", **more) as reply:
            text = await reply.text()
            if reply.status >= 400:
                raise DemoError(f"The server answered {method} {path} with {reply.status}: {text}")
            return json.loads(text) if text else None

    async def ready(self) -> None:
        """Return once calls can be made.

        Raises:
            DemoError: that takes more than `READY_WITHIN_S`; with the server's reasons.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_WITHIN_S
        reason = "it does not answer"
        while loop.time() < deadline:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with self._api.get("/api/v1/ready") as reply:
                    if reply.status == 200:
                        return
                    checks = (await reply.json()).get("checks", [])
                    reason = "; ".join(check["message"] for check in checks if not check["ok"]) or reason
            await asyncio.sleep(0.1)  # another process: there is nothing to wait on
        raise DemoError(
            f"The server was not ready in {READY_WITHIN_S:.0f} s: {reason}. See {log(self.stage)}"
        )

    async def hire(self) -> None:
        """Make the company's extensions with their pictures."""
        passwords, sip_secrets = {}, {}
        pictures = self.stage.folder / "avatars"
        pictures.mkdir(exist_ok=True)
        for person in company.PEOPLE:
            new = {
                "number": person.number,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email,
                "groups": list(person.groups),
            }
            made = await self.request("POST", "/extensions", json=new)
            passwords[person.number] = made["password"]
            sip_secrets[person.number] = made["sip_secret"]
            picture = pictures / f"{person.number}.png"
            avatars.save(person, picture)
            await self.request(
                "PUT",
                f"/extensions/{person.number}/avatar",
                data=picture.read_bytes(),
                headers={"Content-Type": "image/png"},
            )
        self.secrets = Secrets(self.secrets.admin, passwords, sip_secrets)
        boss = {"secretaries": [company.SECRETARY.number], "calls": "external"}
        await self.request("PUT", f"/bosses/{company.BOSS.number}", json=boss)
        await self.request("PUT", "/key-rights/everybody", json={"everybody": True})
        for person in company.PEOPLE:
            keys = {"keys": company.keys_of(person)}
            await self.request("PUT", f"/extensions/{person.number}/keys", json=keys)

    async def call_log(self) -> list[dict[str, Any]]:
        """Calls, newest first, as `linkus-pbx log calls` gives them."""
        said = json.loads(await cli(self.stage, "log", "calls", "--data", str(self.data), "--json"))
        entries = said if isinstance(said, list) else said["items"]
        return [dict(entry) for entry in entries]


def data_folder(stage: Stage) -> Path:
    """Where the demo's server keeps its data."""
    return stage.folder / "pbx"


def log(stage: Stage) -> Path:
    """The server's log."""
    return stage.logs / "server.log"


async def cli(stage: Stage, *arguments: str) -> bytes:
    """What a command of `linkus-pbx` prints."""
    return await output([*CLI, *arguments], env=stage.environment())


def serve_command(data: Path, ports: Ports) -> Sequence[str]:
    """How the server is started."""
    return [
        *CLI,
        "serve",
        *("--data", str(data)),
        *("--http", f"0.0.0.0:{ports.http}"),
        *("--sip", f"0.0.0.0:{ports.sip}"),
        *("--sips", f"0.0.0.0:{ports.sips}"),
        *("--rtp", f"{ports.rtp[0]}-{ports.rtp[1]}"),
    ]


@contextlib.asynccontextmanager
async def running(stage: Stage, ports: Ports, *, keep: bool) -> AsyncIterator[Pbx]:
    """Run the company's PBX; with `keep` the company of an earlier run is taken up, passwords and all.

    Raises:
        DemoError: it does not come up.
    """
    data = data_folder(stage)
    secrets_file = stage.folder / "secrets.json"
    secrets = Secrets.load(secrets_file) if keep else None
    if secrets is None:
        secrets_file.unlink(missing_ok=True)
        shutil.rmtree(data, ignore_errors=True)
        made = json.loads(await cli(stage, "init", "--data", str(data), "--json"))
        secrets = Secrets(made["password"], {}, {})
    trust = ssl.create_default_context(cafile=str(data / "tls" / "certificate.pem"))
    trust.check_hostname = False  # the certificate itself is what is trusted
    async with stage.running("server", serve_command(data, ports), env={"LINKUS_NAME": company.NAME}):
        token_file = data / "cli.token"
        async with aiohttp.ClientSession(
            f"https://127.0.0.1:{ports.http}", connector=aiohttp.TCPConnector(ssl=trust)
        ) as api:
            pbx = Pbx(stage, ports, api)
            pbx.secrets = secrets
            await pbx.ready()
            api.headers["Authorization"] = f"Bearer {token_file.read_text().strip()}"
            if not secrets.passwords:
                await pbx.hire()
                pbx.secrets.save(secrets_file)
            yield pbx
