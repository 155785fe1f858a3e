"""A server as its administrator runs it: `linkus-pbx init`, `serve`, and the API."""

import asyncio
import base64
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.phones.phone import Line, RealPhone, Srtp, Transport
from tests.phones.ports import LOOPBACK
from tests.phones.program import Program
from tests.phones.waiting import PATIENCE_S, until
from tests.real.small_disk import SmallDisk

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 120.0
TOKEN_GOOD_FOR_S = 600.0
"""A login is used for so long: less than `auth.access_ttl_s`, which a soak outlives."""

_CONFIG = """
[auth.argon2]
time_cost = 1
memory_kib = 8
[guard]
allow = {allow}
spare_loopback = {spare_loopback}
tries = 10
window_s = 60
[calls]
ring_timeout_s = 30
"""


@dataclass(frozen=True, slots=True)
class Account:
    """An extension and what the administrator was shown when it was made."""

    number: str
    name: str
    password: str = field(repr=False)
    secret: str = field(repr=False)


class Pbx:
    """One server with its own data folder and ports, as an async context manager.

    `spare_loopback`: whether whoever guesses secrets on 127.0.0.2 to 127.255.255.255 is left alone; 127.0.0.1
    always is. `disk`: where its data folder is, if not in `folder`. `rtp`: its media ports, LOW-HIGH.

    Attributes:
        data: its data folder.
        program: the running `serve`.
        accounts: the extensions made so far.
        fingerprint: of its certificate (SHA-256, hex).
        http_port, sip_port, sips_port: on the loopback address.
    """

    def __init__(
        self,
        folder: Path,
        *,
        spare_loopback: bool = True,
        env: dict[str, str] | None = None,
        disk: SmallDisk | None = None,
        rtp: str = "0-0",
    ) -> None:
        self.data = (disk.folder if disk else folder) / "data"
        self.accounts: dict[str, Account] = {}
        self.http_port = self.sip_port = self.sips_port = 0
        self._folder = folder
        self._env = env or {}
        self._disk = disk
        self._rtp = rtp
        self._config = folder / "linkus.toml"
        allow = json.dumps([f"{LOOPBACK}/32"])
        self._config.write_text(_CONFIG.format(allow=allow, spare_loopback=json.dumps(spare_loopback)))
        self._program: Program | None = None
        self._session: aiohttp.ClientSession | None = None
        self.fingerprint = ""
        self._token = ""
        self._users: dict[str, tuple[str, float]] = {}

    async def __aenter__(self) -> Self:
        try:
            await self.start()
            await self.ready()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # The process

    @property
    def program(self) -> Program:
        """The running server."""
        if self._program is None:
            raise AssertionError("the server was not started")
        return self._program

    async def start(self, *, sip: int = 0) -> None:
        """`init` the first time, then `serve`; returns when the API answers. `sip` 0: any free port."""
        if not self._files.exists():
            told = await self.cli("init")
            self.fingerprint = told["fingerprint"]
        free = f"{LOOPBACK}:0"
        again = [] if self.http_port == 0 else ["--http", f"{LOOPBACK}:{self.http_port}"]
        self._program = await Program.start(
            "linkus-pbx",
            [
                *self._command, "serve", "--data", str(self.data), "--config", str(self._config),
                "--sip", f"{LOOPBACK}:{sip}", "--sips", free, "--rtp", self._rtp,
                *(again or ["--http", free]),
            ],
            folder=ROOT,
            env=self._env,
        )  # fmt: skip
        await self._program.expect(r"The API listens", timeout_s=READY_WITHIN_S)
        self._token = (self._files / "cli.token").read_text().strip()
        ports = json.loads((self._files / "ports.json").read_text())
        self.http_port = ports["http"]
        self.sip_port, self.sips_port = ports["sip"], ports["sips"]
        if self._session is None:
            pin = aiohttp.Fingerprint(bytes.fromhex(self.fingerprint))
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=pin))

    async def ready(self) -> None:
        """Wait until calls can be made."""

        async def look() -> bool:
            status, body = await self.ask("GET", "/ready")
            return status == 200 and bool(body["ready"])

        await until(look, "the server is ready", timeout_s=READY_WITHIN_S)

    async def kill(self) -> None:
        """`kill -9` of the server alone."""
        os.kill(self.program.pid, signal.SIGKILL)
        await self.program.finished(PATIENCE_S)
        await self.program.stop()
        self._program = None

    async def stop(self) -> None:
        """SIGTERM, and see that it ends with all it has started."""
        if self._program is not None:
            if self._program.running:
                os.kill(self._program.pid, signal.SIGTERM)
                try:
                    await self._program.finished(PATIENCE_S)
                finally:
                    await self._program.stop()
            else:
                await self._program.stop()
            self._program = None
        if self._session is not None:
            await self._session.close()
            self._session = None
        pid = self.engine_pid
        if pid is not None and _alive(pid):
            os.kill(pid, signal.SIGKILL)

    async def cli(self, *words: str, stdin: str | None = None) -> Any:
        """Run `linkus-pbx … --json` and return what it printed; raise on a code other than 0."""
        code, out, err = await self.try_cli(*words, stdin=stdin)
        if code != 0:
            raise AssertionError(f"linkus-pbx {' '.join(words)} ended with {code}: {out}{err}")
        return json.loads(out) if out.strip() else None

    async def try_cli(self, *words: str, stdin: str | None = None) -> tuple[int, str, str]:
        """Run `linkus-pbx … --json`: exit code, stdout, stderr."""
        process = await asyncio.create_subprocess_exec(
            *self._command, *words, "--data", str(self.data), "--config",
            str(self._config), "--json", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **self._env},
        )  # fmt: skip
        out, err = await process.communicate((stdin or "").encode())
        return process.returncode or 0, out.decode(), err.decode()

    @property
    def _command(self) -> list[str]:
        """`linkus-pbx`, run where its disk can be seen."""
        return [*(self._disk.enter(ROOT) if self._disk else []), sys.executable, "-m", "server.cli"]

    @property
    def _files(self) -> Path:
        """The data folder as seen from here."""
        return self._disk.seen(self.data) if self._disk else self.data

    # The API

    async def ask(
        self, method: str, path: str, *, body: object = None, token: str | None = None, root: bool = False
    ) -> tuple[int, Any]:
        """Status and body of a request, as administrator unless another token is given."""
        if self._session is None:
            raise AssertionError("the server was not started")
        url = f"https://{LOOPBACK}:{self.http_port}{'' if root else '/api/v1'}{path}"
        headers = {"Authorization": f"Bearer {token or self._token}"}
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            is_json = answer.content_type == "application/json"
            return answer.status, json.loads(text) if is_json and text else text

    async def api(self, method: str, path: str, *, body: object = None, token: str | None = None) -> Any:
        """Body of a request that must succeed."""
        status, answer = await self.ask(method, path, body=body, token=token)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    async def add(self, number: str, first: str, last: str, **more: object) -> Account:
        """Add an extension."""
        body = {"number": number, "first_name": first, "last_name": last, **more}
        made = await self.api("POST", "/extensions", body=body)
        account = Account(number, f"{first} {last}".strip(), made["password"], made["sip_secret"])
        self.accounts[number] = account
        if self.engine_pid is not None:
            await until(lambda: self._pushed(number), f"Asterisk knows extension {number}")
        return account

    async def _pushed(self, number: str) -> bool:
        return "resource" in await self.engine(f"endpoints/PJSIP/{number}")

    @asynccontextmanager
    async def rings_briefly(self, number: str) -> AsyncIterator[None]:
        """Meanwhile the phones of this extension ring for the shortest time that can be set: 5 s."""
        path = f"/extensions/{number}/presence/settings"
        await self.api("PUT", path, body={"statuses": {"available": {"ring_timeout_s": 5}}})
        yield
        await self.api("PUT", path, body={})

    def line(
        self, number: str, *, transport: Transport = "udp", srtp: Srtp = "off",
        codecs: tuple[str, ...] = ("PCMA", "PCMU"), secret: str | None = None,
    ) -> Line:  # fmt: skip
        """What a phone needs to register as this extension."""
        account = self.accounts[number]
        port = self.sips_port if transport == "tls" else self.sip_port
        return Line(number, secret or account.secret, LOOPBACK, port, transport, srtp, codecs, account.name)

    async def register(self, *phones: RealPhone) -> None:
        """Register phones, and wait until the server has heard of all of them."""
        wanted = Counter(phone.line.number for phone in phones)
        before = {number: state["phones"] for number, state in (await self.states()).items()}
        await asyncio.gather(*(phone.register() for phone in phones))

        async def look() -> bool:
            states = await self.states()
            return all(states[number]["phones"] >= before[number] + more for number, more in wanted.items())

        try:
            await until(look, f"the server knows of the phones of {', '.join(wanted)}")
        except AssertionError as error:
            had = {number: before[number] for number in wanted}
            raise AssertionError(f"{error}; there were {had}, now {await self._phones()}") from None

    async def no_phones(self) -> None:
        """Wait until the server knows of no phone."""

        async def look() -> bool:
            return not await self._phones()

        try:
            # One whose goodbye is lost, as the machine stands still, is gone when its registration ends.
            await until(look, "every phone has left the server", timeout_s=2 * PATIENCE_S)
        except AssertionError as error:
            raise AssertionError(f"{error}; there are {await self._phones()}") from None

    async def _phones(self) -> dict[str, int]:
        """How many phones the server knows of, by number; those with none are left out."""
        return {number: state["phones"] for number, state in (await self.states()).items() if state["phones"]}

    async def token_of(self, number: str) -> str:
        """Log in as the extension, once in a while."""
        token, since = self._users.get(number, ("", 0.0))
        if not token or time.monotonic() - since > TOKEN_GOOD_FOR_S:
            account = self.accounts[number]
            body = {"user": number, "password": account.password}
            since = time.monotonic()
            token = (await self.api("POST", "/auth/login", body=body))["access_token"]
            self._users[number] = (token, since)
        return token

    async def log_of(self, number: str) -> list[dict[str, Any]]:
        """The extension's call log, newest first."""
        return list(await self.api("GET", "/call-log?limit=20", token=await self.token_of(number)))

    async def newest(self, number: str, *, after: set[str]) -> dict[str, Any]:
        """Wait for an entry in the extension's log that is none of `after`."""

        async def look() -> dict[str, Any] | None:
            return next((entry for entry in await self.log_of(number) if entry["id"] not in after), None)

        found = await until(look, f"an entry appears in the log of {number}")
        return dict(found or {})

    async def ids(self, number: str) -> set[str]:
        """Ids of what is in the extension's log now."""
        return {entry["id"] for entry in await self.log_of(number)}

    async def active(self) -> list[dict[str, Any]]:
        """Calls in progress."""
        return list((await self.api("GET", "/status"))["active_calls"])

    async def states(self) -> dict[str, dict[str, Any]]:
        """What every screen shows: a fresh snapshot of the live states, by number."""
        return await self.topic("extensions", self._token)

    async def shows(self, call: str, *numbers: str) -> None:
        """Wait until everybody is shown these extensions as idle, ringing, talking or held."""

        async def look() -> bool:
            states = await self.states()
            return all(states[number]["call"] == call for number in numbers)

        await until(look, f"{', '.join(numbers)} are shown as {call}")

    async def calls_are(self, *states: str) -> None:
        """Wait until there are calls in these states and no others: a phone may hear of a change first."""

        async def look() -> bool:
            return sorted(call["state"] for call in await self.active()) == sorted(states)

        await until(look, f"there are calls that are {', '.join(states)}")

    async def topic(self, topic: str, token: str) -> dict[str, dict[str, Any]]:
        """A fresh snapshot of a live topic, by key."""
        if self._session is None:
            raise AssertionError("the server was not started")
        url = f"https://{LOOPBACK}:{self.http_port}/api/v1/events"
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.ws_connect(url, headers=headers) as socket:
            await socket.send_json({"type": "subscribe", "topics": [topic]})
            told = await socket.receive_json(timeout=PATIENCE_S)
        return dict(told["items"])

    async def download(self, path: str, *, token: str | None = None) -> bytes:
        """The octets at an address of the API, which must be there."""
        if self._session is None:
            raise AssertionError("the server was not started")
        url = f"https://{LOOPBACK}:{self.http_port}/api/v1{path}"
        async with self._session.get(
            url, headers={"Authorization": f"Bearer {token or self._token}"}
        ) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def metrics(self) -> dict[str, float]:
        """Prometheus samples by name with labels."""
        _, text = await self.ask("GET", "/metrics", root=True)
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    # The engine

    @property
    def _engine(self) -> dict[str, Any]:
        path = self._files / "asterisk" / "engine.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    @property
    def engine_pid(self) -> int | None:
        """Process id of its Asterisk."""
        process = self._engine.get("process")
        return int(process["pid"]) if process else None

    async def engine(self, path: str) -> Any:
        """Ask Asterisk itself (ARI)."""
        known = self._engine
        account = f"{_ari_user(self._files)}:{known['ari_secret']}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(account).decode()}"}
        url = f"http://{LOOPBACK}:{known['ports']['ari']}/ari/{path}"
        async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as answer:
            return await answer.json()

    async def leftovers(self) -> list[str]:
        """Channels and bridges that Asterisk has."""
        channels, bridges = await self.engine("channels"), await self.engine("bridges")
        return [f"channel {one['name']}" for one in channels] + [f"bridge {one['id']}" for one in bridges]

    async def is_quiet(self) -> bool:
        """Whether there is no call, leg, bridge or lit lamp."""
        if await self.active() or await self.leftovers():
            return False
        return all(state["call"] == "idle" for state in (await self.states()).values())

    async def nothing_left(self, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until no call, leg, bridge or lamp is left over."""
        try:
            await until(
                self.is_quiet, "no call, leg, bridge or lamp is left over", timeout_s=timeout_s, every_s=0.1
            )
        except AssertionError as error:
            lamps = {number: state["call"] for number, state in (await self.states()).items()}
            left = f"{await self.active()}, {await self.leftovers()}, {lamps}"
            raise AssertionError(f"{error}; left: {left}") from None


def _ari_user(data: Path) -> str:
    """The one ARI account: the section of `ari.conf` that is not `[general]`."""
    lines = (data / "asterisk" / "etc" / "ari.conf").read_text().splitlines()
    return next(line.strip("[]") for line in lines if line.startswith("[") and line != "[general]")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
