"""Trunks: which there are, what is known of them, and how they are set up in the engine.

Their state comes from the manager interface. `Registry` tells how each REGISTER ended, but of which
registration only by its two addresses. `ContactStatus` tells whether the carrier answers. After a reconnect
both are asked for. (The REST interface calls an endpoint offline that was only never asked yet.)
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass

from server.switch.asterisk import trunk_objects
from server.switch.asterisk.ami import Ami, Message
from server.switch.asterisk.ari import AriError, segment
from server.switch.asterisk.config import EngineConfig
from server.switch.asterisk.control import Control
from server.switch.asterisk.registration_log import RegistrationLog
from server.switch.asterisk.trunk_objects import (
    COMPARED,
    client_uri,
    endpoint_id,
    registers,
    server_uri,
    trunk_name,
)
from server.switch.asterisk.trunk_states import TrunkTable
from server.switch.port import Event, SipTrunk, SwitchError, TrunkChanged, TrunkState

log = logging.getLogger(__name__)

WITHDRAWAL_S = 5.0
"""How long a registration that is withdrawn may still need its credentials."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What an engine has of a trunk: the fingerprint and the id of its auth object."""

    fingerprint: str
    auth: str


class Trunks:
    """The trunks of one switch.

    Attributes:
        declared: what was pushed last, by name.
    """

    def __init__(self, control: Control, emit: Callable[[Event], None]) -> None:
        self.declared: dict[str, SipTrunk] = {}
        self._control = control
        self._emit = emit
        self._table = TrunkTable()
        self._told: dict[str, TrunkState] = {}
        self._ami: Ami | None = None
        self._log: RegistrationLog | None = None
        self._has_tls = True
        self._pushing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def states(self) -> Mapping[str, TrunkState]:
        """State of every declared trunk by name."""
        return {name: self._table.state(trunk) for name, trunk in self.declared.items()}

    # What the engine tells

    async def read(self, ami: Ami, config: EngineConfig) -> None:
        """Connected: take in the states of all trunks that the engine has."""
        self._ami, self._has_tls = ami, config.sips_port is not None
        self._log = RegistrationLog(config.folder / "log")
        registrations = {
            trunk_name(message.get("ObjectName", "")): message.get("Status", "")
            for message in await ami.registrations()
        }
        contacts = {}
        for endpoint in await self._control.endpoints():
            if name := trunk_name(endpoint["resource"]):
                for message in await ami.contact_statuses(endpoint["resource"]):
                    contacts[name] = message.get("Status", "")
        self._table.replace(registrations, contacts)
        self._tell_all()

    def lose(self) -> None:
        """The engine is away: nothing is known."""
        self._ami = None
        self._table.clear()
        self._tell_all()

    def on_registry(self, message: Message) -> None:
        """A REGISTER had its final answer, or none."""
        registration = message.get("Domain", ""), message.get("Username", "")
        for name, trunk in self.declared.items():
            if registers(trunk) and (server_uri(trunk), client_uri(trunk)) == registration:
                attempt = self._table.registration(name, message.get("Status", ""))
                if attempt is None:
                    self._tell(name)
                else:
                    self._later(self._explain(name, registration, attempt))

    async def _explain(self, name: str, registration: tuple[str, str], attempt: int) -> None:
        """Say how a registration failed, unless it has gone on meanwhile."""
        code = await self._log.status(registration) if self._log else None
        if self._table.failed(name, attempt, code):
            self._tell(name)

    def on_contact(self, name: str, status: str) -> None:
        """Whether a carrier answers. One that is back may have forgotten us, so we register anew."""
        back = self._table.contact(name, status)
        trunk = self.declared.get(name)
        if back and trunk is not None and registers(trunk) and self._ami is not None:
            self._table.forget_registration(name)
            self._ami.register(endpoint_id(name))
        self._tell(name)

    def _tell_all(self) -> None:
        for name in self.declared:
            self._tell(name)

    def _tell(self, name: str) -> None:
        trunk = self.declared.get(name)
        if trunk is None:
            return
        state = self._table.state(trunk)
        if self._told.get(name) != state:
            self._told[name] = state
            self._emit(TrunkChanged(name, state))

    # What is asked

    async def push(self, trunks: Sequence[SipTrunk]) -> None:
        """See `Switch.push_trunks`."""
        async with self._pushing:
            self.declared = {trunk.name: trunk for trunk in trunks}
            for name in [name for name in self._told if name not in self.declared]:
                del self._told[name]
            known = await self._known()
            for name in [name for name in known if name not in self.declared]:
                await self._remove(name, known[name])
            problems = []
            for name, trunk in self.declared.items():
                old = known.get(name)
                if old is None or old.fingerprint != trunk_objects.fingerprint(trunk):
                    try:
                        await self._set_up(trunk, old)
                    except AriError as error:
                        problems.append(
                            f"Trunk {name} cannot be set up ({error.message}): see that its host "
                            f"{trunk.host!r} exists and its codecs are known."
                        )
                self._tell(name)
            problems += [
                f"Trunk {name} needs TLS, which is switched off (`sips.port`)."
                for name, trunk in self.declared.items()
                if trunk.transport == "tls" and not self._has_tls
            ]
            if problems:
                raise SwitchError(" ".join(problems))

    async def push_again(self) -> None:
        """Set up in a new engine what the one before it had."""
        if self.declared:
            try:
                await self.push(list(self.declared.values()))
            except AriError:
                raise
            except SwitchError as problem:
                log.warning("%s", problem)

    async def _known(self) -> dict[str, _Known]:
        """The trunks that the engine has."""
        found = {}
        for endpoint in await self._control.endpoints():
            name = trunk_name(endpoint["resource"])
            if name:
                fields = await self._fields("endpoint", name)
                found[name] = _Known(fields.get("accountcode", ""), fields.get("outbound_auth", ""))
        return found

    async def _fields(self, kind: str, name: str) -> dict[str, str]:
        """An object of a trunk as it is; nothing if there is none."""
        path = f"asterisk/config/dynamic/res_pjsip/{kind}/{segment(endpoint_id(name))}"
        try:
            fields = await self._control.connected.get(path)
        except AriError:
            return {}
        return {field["attribute"]: field["value"] for field in fields}

    async def _set_up(self, trunk: SipTrunk, old: _Known | None) -> None:
        """All objects of a trunk; the last step says that it is complete."""
        put, drop, name = self._control.put_object, self._control.drop_object, endpoint_id(trunk.name)
        await put("endpoint", name, trunk_objects.endpoint_fields(trunk, finished=False))
        for kind in ("identify", "aor"):
            await drop(kind, name)
        if trunk.username:
            await put("auth", trunk_objects.auth_id(trunk), trunk_objects.auth_fields(trunk))
        await put("aor", name, trunk_objects.aor_fields(trunk))
        await put("identify", name, trunk_objects.identify_fields(trunk))
        wanted = trunk_objects.registration_fields(trunk) if registers(trunk) else {}
        there = await self._fields("registration", trunk.name)
        if not wanted or any(there.get(field) != wanted[field] for field in COMPARED):
            self._table.forget_registration(trunk.name)
            await drop("registration", name)
            if wanted:
                await put("registration", name, wanted)
        await put("endpoint", name, trunk_objects.endpoint_fields(trunk, finished=True))
        if old is not None and old.auth not in ("", trunk_objects.auth_id(trunk)):
            self._later(self._forget_credentials(old.auth))

    async def _remove(self, name: str, old: _Known) -> None:
        """Take no more calls from it, withdraw its registration, forget it."""
        self._table.forget(name)
        for kind in ("identify", "registration", "endpoint", "aor"):
            await self._control.drop_object(kind, endpoint_id(name))
        if old.auth:
            self._later(self._forget_credentials(old.auth))

    async def _forget_credentials(self, auth: str) -> None:
        await asyncio.sleep(WITHDRAWAL_S)
        in_use = {trunk_objects.auth_id(trunk) for trunk in self.declared.values()}
        if auth not in in_use:
            try:
                await self._control.drop_object("auth", auth)
            except SwitchError as error:
                log.debug("Credentials %s stay in the memory of the engine: %s", auth, error)

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End what nobody waits for."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
