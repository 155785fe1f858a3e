"""Keeps one Asterisk running for this data folder: finds, configures, starts, adopts, stops it.

The engine is known by `engine.json` (0600): its process, the ports and random secrets of its control
interfaces, and a fingerprint of its configuration. A server that finds a live one with the same fingerprint
adopts it, calls included; one with another fingerprint is stopped first. Whatever stands in the way is an
`EngineProblem` with a text for a person.
"""

import asyncio
import errno
import fcntl
import hashlib
import json
import os
import resource
import secrets
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

from server.switch.asterisk import config, fetch, installation, ports
from server.switch.asterisk.config import EngineConfig
from server.switch.asterisk.installation import Installation, InstallationError
from server.switch.asterisk.ports import Port, Protocol
from server.switch.asterisk.private_file import write_private
from server.switch.asterisk.process import Identity, Process, command_of, identify, spawn
from server.switch.asterisk.tracks import put_tracks
from server.switch.asterisk.voices import put_own

MEMORY = "engine.json"
RTP_PORTS_WHEN_FREE = 200
MINIMUM_RTP_PAIRS = 4
MAX_FILES = 65536
CONTROL_S = 10.0
"""How long a started engine may take until its control interface listens."""
POLL_S = 0.02


class EngineProblem(Exception):
    """The engine cannot run now. The text is for a person: what, which value, what to do."""


@dataclass(frozen=True)
class AsteriskSettings:
    """What the server wants of its private Asterisk.

    `data` is a folder of its own. A port of 0 means: choose a free one and remember it. `sips_port` None
    switches TLS off. `installation` None: the system's Asterisk, else a private one, fetched if need be.
    """

    data: Path
    sip_host: str
    sip_port: int
    sips_host: str
    sips_port: int | None
    rtp_low: int
    rtp_high: int
    certificate: Path
    key: Path
    ari_port: int = 0
    installation: Path | None = None
    external_media_address: str | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """A running Asterisk. `fresh` is True if this server started it, False if it was adopted."""

    process: Process
    config: EngineConfig
    version: str
    fresh: bool
    data: Path
    """Folder of what Asterisk comes with: `sounds`, `moh`."""

    @property
    def usual_music(self) -> Path:
        """Folder of the music that Asterisk comes with."""
        return self.data / "moh"


class Supervisor:
    """Owner of the engine of one data folder.

    Attributes:
        stage: what is being done now, for a person ("" when nothing is).
    """

    def __init__(self, settings: AsteriskSettings) -> None:
        self._settings = settings
        self._memory = settings.data / MEMORY
        self._lock: IO[str] | None = None
        self.stage = ""

    async def ensure(self) -> Engine:
        """A running engine: the one that is there, else a new one. Raises `EngineProblem`."""
        try:
            self._take_folder()
            found = await self._find_installation()
            remembered = self._remembered()
            wanted = self._config(remembered)
            files = config.files(wanted, found)
            print_of_files = self._fingerprint(found, files)
            if running := self._running(remembered):
                if remembered.get("fingerprint") == print_of_files:
                    return Engine(running, wanted, found.version, fresh=False, data=found.data)
                self.stage = "The settings have changed: Asterisk is being restarted."
                await running.stop()
            return await self._start(found, wanted, files, print_of_files)
        except InstallationError as error:
            raise EngineProblem(str(error)) from error
        except OSError as error:
            raise EngineProblem(_explained(error, self._settings.data)) from error
        finally:
            self.stage = ""

    async def stop(self, engine: Engine) -> None:
        """Stop the engine, gently first."""
        await engine.process.stop()

    def release(self) -> None:
        """Give the data folder up, so that another server may take it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_folder(self) -> None:
        if self._lock is not None:
            return
        self._settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = open(  # noqa: SIM115  (held for as long as this object lives)
            self._settings.data / "engine.lock", "w", opener=lambda path, flags: os.open(path, flags, 0o600)
        )
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise EngineProblem(
                f"Another server is running on the data folder {self._settings.data}. Stop it, or give this "
                "one a folder of its own."
            ) from None
        self._lock = lock

    async def _find_installation(self) -> Installation:
        if self._settings.installation is not None:
            return installation.open_path(self._settings.installation)
        found = await asyncio.to_thread(installation.find)
        if found is None:
            self.stage = "Asterisk is being fetched; this happens once and takes about a minute."
            await _fetch()
            found = await asyncio.to_thread(installation.find)
        if found is None:
            raise EngineProblem(
                "Asterisk was fetched but cannot be found. Delete the cache folder and start again."
            )
        return found

    def _remembered(self) -> dict[str, Any]:
        try:
            loaded = json.loads(self._memory.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def _config(self, remembered: dict[str, Any]) -> EngineConfig:
        """The configuration that the settings ask for, with remembered ports and secrets where free."""
        wish = self._settings
        old: dict[str, Any] = remembered.get("ports", {})
        sips = wish.sips_port
        rtp = (wish.rtp_low, wish.rtp_high)
        if rtp[0] == 0:
            rtp = (
                (old["rtp_low"], old["rtp_high"])
                if "rtp_low" in old
                else ports.free_range(RTP_PORTS_WHEN_FREE)
            )
        return EngineConfig(
            folder=wish.data.resolve(),
            sip_host=wish.sip_host,
            sip_port=wish.sip_port or old.get("sip") or ports.free_port(wish.sip_host, ("udp", "tcp")),
            sips_host=wish.sips_host,
            sips_port=(old.get("sips") or ports.free_port(wish.sips_host, ("tcp",))) if sips == 0 else sips,
            rtp_low=rtp[0],
            rtp_high=rtp[1],
            certificate=wish.certificate.resolve(),
            key=wish.key.resolve(),
            ari_port=wish.ari_port or old.get("ari") or ports.free_port("127.0.0.1", ("tcp",)),
            ami_port=old.get("ami") or ports.free_port("127.0.0.1", ("tcp",)),
            ari_secret=remembered.get("ari_secret") or secrets.token_urlsafe(32),
            ami_secret=remembered.get("ami_secret") or secrets.token_urlsafe(32),
            external_media_address=wish.external_media_address,
            max_files=_max_files(),
        )

    def _fingerprint(self, found: Installation, files: dict[str, str]) -> str:
        """Of all that a running engine cannot take in: program, configuration, certificate."""
        certificate = ""
        if self._settings.sips_port is not None:
            with suppress(OSError):
                certificate = self._settings.certificate.read_text()
        content = json.dumps([found.command, found.version, certificate, sorted(files.items())])
        return hashlib.sha256(content.encode()).hexdigest()

    def _running(self, remembered: dict[str, Any]) -> Process | None:
        """The remembered engine if it still runs and is really ours."""
        try:
            known = Identity(**remembered["process"])
        except (KeyError, TypeError):
            return None
        own = str(self._settings.data.resolve() / "etc/asterisk.conf")
        if identify(known.pid) != known or own not in command_of(known.pid):
            return None
        return Process(known)

    async def _start(
        self, found: Installation, wanted: EngineConfig, files: dict[str, str], fingerprint: str
    ) -> Engine:
        self.stage = f"Asterisk {found.version} is starting."
        wanted, changed = self._with_free_ports(wanted)
        if changed:
            files = config.files(wanted, found)
            fingerprint = self._fingerprint(found, files)
        self._check(wanted)
        for folder in wanted.folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(wanted.music.iterdir()):
            put_tracks(wanted.music, (), usual=found.data / "moh")
        put_own(wanted, found.data)
        for name, text in files.items():
            write_private(wanted.etc / name, text)
        (wanted.folder / "run/asterisk.ctl").unlink(missing_ok=True)
        self._remember(wanted, fingerprint, None)
        output = wanted.folder / "log/console.log"
        arguments = ["-f", "-C", str(wanted.etc / "asterisk.conf")]
        pid = spawn([*found.command, *arguments], _environment(), output)
        identity = identify(pid)
        if identity is None:
            raise EngineProblem(f"Asterisk ended at once; {output} says why.")
        process = Process(identity)
        try:
            self._remember(wanted, fingerprint, identity)  # one that could not be noted would never be found
            await self._until_listening(process, wanted)
        except BaseException:
            await process.stop()
            raise
        return Engine(process, wanted, found.version, fresh=True, data=found.data)

    def _with_free_ports(self, wanted: EngineConfig) -> tuple[EngineConfig, bool]:
        """Ports that we chose ourselves and that somebody took meanwhile are chosen anew."""
        wish = self._settings
        result = replace(
            wanted,
            sip_port=_still_free(wanted.sip_port, wish.sip_port, wish.sip_host, ("udp", "tcp")),
            sips_port=wanted.sips_port
            and _still_free(wanted.sips_port, wish.sips_port, wish.sips_host, ("tcp",)),
            ari_port=_still_free(wanted.ari_port, wish.ari_port, "127.0.0.1", ("tcp",)),
            ami_port=_still_free(wanted.ami_port, 0, "127.0.0.1", ("tcp",)),
        )
        return result, result != wanted

    def _check(self, wanted: EngineConfig) -> None:
        """Raise `EngineProblem` for what would make the engine start without being of use."""
        for port in needed_ports(wanted):
            if problem := ports.taken(port):
                raise EngineProblem(problem)
        low, high = wanted.rtp_low, wanted.rtp_high
        free = (high - low + 1) // 2 - len({port // 2 for port in ports.udp_in_use(low, high)})
        if free < MINIMUM_RTP_PAIRS:
            raise EngineProblem(
                f"Of the RTP ports {low}-{high} only {max(free, 0)} pairs are free. Set `rtp.low` and "
                "`rtp.high` to a range that no other program uses."
            )
        if wanted.sips_port is not None:
            for file, what in ((wanted.certificate, "certificate"), (wanted.key, "key")):
                if not os.access(file, os.R_OK):
                    raise EngineProblem(
                        f"The {what} {file} cannot be read. Run `linkus-pbx init` to make one."
                    )

    async def _until_listening(self, process: Process, wanted: EngineConfig) -> None:
        """Wait until the engine has its ports; raise `EngineProblem` if it ends or lacks one."""
        needed = needed_ports(wanted)
        listening: set[tuple[str, int]] = set()
        deadline = asyncio.get_running_loop().time() + CONTROL_S
        while asyncio.get_running_loop().time() < deadline:
            listening = set(ports.ports_of(process.pid))
            if all((port.protocol, port.number) in listening for port in needed):
                return
            if not listening and process.alive and all(ports.taken(port) for port in needed):
                return  # the system does not let us look into it: somebody has the ports, surely it
            with suppress(TimeoutError):
                await asyncio.wait_for(process.gone(), POLL_S)
                raise EngineProblem(
                    f"Asterisk did not start: {process.describe_end()}. {wanted.folder / 'log'} says why."
                )
        missing = next(port for port in needed if (port.protocol, port.number) not in listening)
        raise EngineProblem(
            ports.taken(missing)
            or f"Asterisk did not open {missing.purpose} port {missing.number}/{missing.protocol} within "
            f"{CONTROL_S:.0f} s. {wanted.folder / 'log'} says why."
        )

    def _remember(self, wanted: EngineConfig, fingerprint: str, identity: Identity | None) -> None:
        memory = {
            "process": asdict(identity) if identity else None,
            "fingerprint": fingerprint,
            "ports": {
                "sip": wanted.sip_port,
                "sips": wanted.sips_port,
                "ari": wanted.ari_port,
                "ami": wanted.ami_port,
                "rtp_low": wanted.rtp_low,
                "rtp_high": wanted.rtp_high,
            },
            "ari_secret": wanted.ari_secret,
            "ami_secret": wanted.ami_secret,
        }
        write_private(self._memory, json.dumps(memory))


def needed_ports(wanted: EngineConfig) -> list[Port]:
    """Every fixed port of the engine."""
    needed = [
        Port("udp", wanted.sip_host, wanted.sip_port, "SIP", "sip.port"),
        Port("tcp", wanted.sip_host, wanted.sip_port, "SIP", "sip.port"),
        Port("tcp", "127.0.0.1", wanted.ari_port, "Control (ARI)", "switch.ari_port"),
        Port("tcp", "127.0.0.1", wanted.ami_port, "Control (AMI)", "switch.ari_port"),
    ]
    if wanted.sips_port is not None:
        needed.append(Port("tcp", wanted.sips_host, wanted.sips_port, "SIP over TLS", "sips.port"))
    return needed


def _still_free(number: int, setting: int | None, host: str, protocols: Sequence[Protocol]) -> int:
    """`number`, or another port if it was our choice and is taken now."""
    if setting == 0 and any(ports.taken(Port(protocol, host, number, "", "")) for protocol in protocols):
        return ports.free_port(host, protocols)
    return number


async def _fetch() -> None:
    """Fetch in a process of its own, which ends with us when we are cancelled."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", fetch.__name__,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LINKUS_") or name == "LINKUS_CACHE"  # the database's may hold a password
        },
        umask=0o022,  # nothing secret in it, and apt works as a user of its own
    )  # fmt: skip
    try:
        _, complaint = await process.communicate()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        raise
    if process.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise EngineProblem(lines[-1] if lines else "Asterisk could not be fetched.")


def _environment() -> dict[str, str]:
    """Only what Asterisk needs; above all none of the server's own settings, which may hold secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TZ", "LANG") if name in os.environ}
    return {"PATH": os.defpath, **kept}


def _max_files() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)


def _explained(error: OSError, data: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {data} is full, so Asterisk cannot be started. Free some space."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{error.filename or data} cannot be written ({error.strerror}). Correct its owner and rights."
    return f"Asterisk cannot be started in {data}: {error.strerror or error}."
