"""`Switch` on a real Asterisk of our own.

One task keeps it alive: an engine (`supervisor`), a session of both control connections with it, what is
there read anew, `Up`; then events until the session or the engine ends, `Down`, and again. Retries back off
while the engine keeps dying.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from server.switch.asterisk import dtmf, logfiles
from server.switch.asterisk.ami import Ami, Message
from server.switch.asterisk.ari import Ari, AriError
from server.switch.asterisk.bridges import AsteriskBridge
from server.switch.asterisk.channels import Channels
from server.switch.asterisk.contact_feed import ContactFeed
from server.switch.asterisk.contacts import ContactTable, is_removal, parse_contact
from server.switch.asterisk.control import Control
from server.switch.asterisk.first_of import first_of
from server.switch.asterisk.legs import AsteriskLeg
from server.switch.asterisk.modules import REQUIRED_AT_START
from server.switch.asterisk.security import SecurityReader
from server.switch.asterisk.supervisor import AsteriskSettings, Engine, EngineProblem, Supervisor
from server.switch.asterisk.tracks import put_music
from server.switch.asterisk.trunk_objects import endpoint_id, server_uri, trunk_name
from server.switch.asterisk.trunks import Trunks
from server.switch.asterisk.voices import SOUNDS, take_voices
from server.switch.port import (
    Bridge,
    Contact,
    ContactsChanged,
    Down,
    Event,
    LampPanel,
    Leg,
    LegChanged,
    Listener,
    Party,
    Recorded,
    SipEndpoint,
    SipTrunk,
    Speech,
    Switch,
    SwitchError,
    SwitchStatus,
    SwitchUnavailable,
    TrunkState,
    Up,
)
from server.switch.speech import ENGLISH

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 15.0
STABLE_S = 5.0
"""An engine that ran this long is not "dying again": the next retry is quick."""
UNRESPONSIVE_S = 20.0
"""An engine that does not answer for so long is replaced."""
BOOT_S = 10.0
HANGUP_S = 2.0


class AsteriskSwitch(Switch):
    """See `Switch`."""

    def __init__(self, settings: AsteriskSettings) -> None:
        self._supervisor = Supervisor(settings)
        self.speech = Speech()
        self._control = Control(lambda leg: self._emit(LegChanged(leg)), lambda: self.speech)
        self._channels = Channels(self._control, self._emit)
        self._contacts = ContactTable()
        self._trunks = Trunks(self._control, self._emit)
        self._security = SecurityReader()
        self._knows_since: datetime | None = datetime.min.replace(tzinfo=UTC)
        self._listeners: list[Listener] = []
        self._engine: Engine | None = None
        self._unannounced: int | None = None
        """Pid of an engine that we started and that nobody was told of yet."""
        self._problem = "Asterisk is starting."
        self._up = False
        self._blocked: tuple[str, ...] = ()
        self._task: asyncio.Task[None] | None = None

    # Life

    async def start(self) -> None:
        """See `Switch.start`."""
        if self._task is None:
            self._task = asyncio.create_task(self._keep_alive(), name="asterisk")

    async def aclose(self, *, stop_engine: bool = True) -> None:
        """See `Switch.aclose`."""
        if stop_engine and self._up:
            await self._hang_up_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        await self._trunks.aclose()
        await self._control.aclose()
        if self._engine is not None:
            if stop_engine:
                await self._supervisor.stop(self._engine)
            else:
                self._engine.process.detach()
            self._engine = None
        self._supervisor.release()
        self._problem, self._up = "Asterisk was stopped.", False

    def listen(self, listener: Listener) -> Callable[[], None]:
        """See `Switch.listen`."""
        self._listeners.append(listener)

        def stop() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    @property
    def status(self) -> SwitchStatus:
        """See `Switch.status`."""
        engine = self._engine
        if engine is None:
            return SwitchStatus(up=False, problem=self._supervisor.stage or self._problem)
        conf = engine.config
        return SwitchStatus(
            up=self._up,
            problem="" if self._up else self._problem,
            version=engine.version,
            pid=engine.process.pid,
            sip_udp=f"{conf.sip_host}:{conf.sip_port}",
            sip_tls=None if conf.sips_port is None else f"{conf.sips_host}:{conf.sips_port}",
        )

    async def _keep_alive(self) -> None:
        retry = FIRST_RETRY_S
        while True:
            began = time.monotonic()
            try:
                self._engine = await self._supervisor.ensure()
                if self._engine.fresh:
                    self._unannounced = self._engine.process.pid
                await self._serve(self._engine)
            except EngineProblem as problem:
                self._go_down(str(problem))
            except Exception:
                log.exception("The connection with Asterisk failed")
                self._go_down("The connection with Asterisk failed; the server's log says why.")
            if self._engine is not None:
                self._engine.process.detach()
                self._engine = None
            retry = FIRST_RETRY_S if time.monotonic() - began > STABLE_S else min(retry * 2, LONGEST_RETRY_S)
            await asyncio.sleep(retry)

    async def _serve(self, engine: Engine) -> None:
        """Sessions with one engine, until it ends. Raises `EngineProblem` when it is of no use."""
        silent_since = time.monotonic()
        while engine.process.alive:
            message = "The connection with Asterisk was lost and is being made again."
            try:
                await self._session(engine)
                silent_since = time.monotonic()
            except SwitchUnavailable as error:
                message = str(error)
            self._control.ari = None
            with suppress(TimeoutError):  # when an engine dies, its connections break a moment earlier
                await asyncio.wait_for(engine.process.gone(), FIRST_RETRY_S)
            if not engine.process.alive:
                break
            if time.monotonic() - silent_since > UNRESPONSIVE_S:
                await engine.process.stop()
                raise EngineProblem(
                    "Asterisk ran but did not answer any more. It was stopped and is started again."
                )
            self._go_down(message)
        self._channels.lose_all()
        self._control.forget_pending()
        raise EngineProblem(f"Asterisk is gone: {engine.process.describe_end()}. It is being started again.")

    async def _session(self, engine: Engine) -> None:
        """Connect, read what is there, be up, until a connection or the engine ends."""
        conf = engine.config
        async with (
            Ari(conf.ari_port, conf.ari_secret, engine.version) as ari,
            Ami(conf.ami_port, conf.ami_secret) as ami,
        ):
            await self._check_modules(ari)
            connected_ms = int(time.time() * 1000)
            await ari.connect()
            self._control.ari = ari
            self._control.manager = lambda: Ami(conf.ami_port, conf.ami_secret)
            self._control.recordings.folder = conf.recordings
            self._control.english_sounds = conf.share / SOUNDS / ENGLISH
            await self._read_all(ari, ami, connected_ms)
            await self._trunks.read(ami, engine.config)
            restarted = self._unannounced == engine.process.pid
            self._control.lamps.connected(ami, conf.etc, fresh=restarted)
            if restarted:
                # Phones are refused until the new engine knows them: that must not wait for our owner.
                self._knows_since = None
                self._control.forget_pending()
                await self._control.push_again()
                await self._trunks.push_again()
            await self._control.settle()
            await self._control.playing.end_inherited(list(self._channels.legs.values()))
            await self._control.block(self._blocked)
            self._unannounced = None
            self._up = True
            log.info(
                "Asterisk %s is ready (process %d, %s): SIP on %s, over TLS on %s",
                engine.version,
                engine.process.pid,
                "started" if restarted else "taken over",
                self.status.sip_udp,
                self.status.sip_tls or "none",
            )
            self._emit(Up(restarted=restarted))
            feed = ContactFeed(self._contacts, self._control.user_agent, self._tell_contacts)
            try:
                await first_of(
                    self._read_ari(ari),
                    self._read_ami(ami, feed),
                    feed.run(),
                    engine.process.gone(),
                    logfiles.tend(ari, conf.folder / "log"),
                )
            finally:
                self._control.ari = self._control.manager = None
                self._control.playing.forget_prompts()
                self._channels.lose_connection()

    async def _check_modules(self, ari: Ari) -> None:
        """Asterisk starts without modules that fail, be it all of its REST interface."""
        deadline = time.monotonic() + BOOT_S
        while True:
            try:
                modules = await ari.get("asterisk/modules")
                running = {
                    module["name"].removesuffix(".so") for module in modules if module["status"] == "Running"
                }
                missing = sorted(REQUIRED_AT_START - running)
                if not missing:
                    return
            except AriError as error:
                missing = [f"the REST interface ({error.status})"]
            if time.monotonic() > deadline:
                raise EngineProblem(f"Asterisk runs without {', '.join(missing[:5])}; its log says why.")
            await asyncio.sleep(0.05)

    async def _read_all(self, ari: Ari, ami: Ami, connected_ms: int) -> None:
        channels, bridges = await ari.get("channels"), await ari.get("bridges")
        await self._control.end_spying(channel["id"] for channel in channels)
        self._channels.replace(channels, bridges, before_ms=connected_ms)
        listed = [contact for message in await ami.contacts() if (contact := parse_contact(message))]
        for number in self._contacts.replace(listed):
            self._tell_contacts(number)

    async def _read_ari(self, ari: Ari) -> None:
        async for event in ari.events():
            if event["type"] == "ApplicationReplaced":
                log.warning("Another program took the control of Asterisk over")
                return
            self._channels.handle(event)

    async def _read_ami(self, ami: Ami, feed: ContactFeed) -> None:
        async for message in ami.events():
            if message["Event"] == "ContactStatus":
                self._on_contact(message, feed)
            elif message["Event"] in dtmf.EVENTS:
                self._channels.handle_dtmf(message)
            elif message["Event"] == "Registry":
                self._trunks.on_registry(message)
            elif event := self._security.read(message, knows_since=self._knows_since):
                self._emit(event)

    def _on_contact(self, message: Message, feed: ContactFeed) -> None:
        contact = parse_contact(message)
        if contact is None:
            return
        if trunk := trunk_name(contact.number):
            self._trunks.on_contact(trunk, message.get("ContactStatus", ""))
            return
        feed.take(contact, gone=is_removal(message))

    async def _hang_up_all(self) -> None:
        """Phones hear a BYE rather than silence."""
        legs = list(self._channels.legs.values())
        if legs:
            with suppress(TimeoutError):
                async with asyncio.timeout(HANGUP_S):
                    await asyncio.gather(*(leg.hangup() for leg in legs))
                    await asyncio.gather(*(leg.gone() for leg in legs))

    def _go_down(self, message: str) -> None:
        news = self._up or message != self._problem
        self._up, self._problem = False, message
        self._trunks.lose()
        if news:
            log.warning("%s", message)
            self._emit(Down(message))

    def _tell_contacts(self, number: str) -> None:
        self._emit(ContactsChanged(number, self._contacts.of(number)))

    def _emit(self, event: Event) -> None:
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception:
                log.exception("A listener failed on %s", type(event).__name__)

    # What is there

    def legs(self) -> Sequence[Leg]:
        """See `Switch.legs`."""
        return list(self._channels.legs.values())

    def bridges(self) -> Sequence[Bridge]:
        """See `Switch.bridges`."""
        return [bridge for bridge in self._channels.bridges.values() if not bridge.closed]

    def contacts(self, number: str) -> tuple[Contact, ...]:
        """See `Switch.contacts`."""
        return self._contacts.of(number)

    async def read_contacts(self, number: str) -> tuple[Contact, ...]:
        """See `Switch.read_contacts`. The table itself follows when the manager interface tells."""
        contacts = await self._control.contacts(number)
        return tuple(self._contacts.find(number, contact.uri) or contact for contact in contacts)

    # What is asked

    async def dial(
        self,
        contact: Contact,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,
        headers: dict[str, str] | None = None,
        memo: str = "",
    ) -> Leg:
        """See `Switch.dial`. A phone that cannot be reached at all gives a leg that has ended."""
        leg = AsteriskLeg(
            self._control,
            leg_id,
            number=contact.number,
            inbound=False,
            caller=caller,
            contact=contact.uri,
            memo=memo,
        )
        codecs = self._control.codecs(contact.number)
        await self._dial(leg, contact, timeout_s=timeout_s, for_leg=for_leg, headers=headers, codecs=codecs)
        return leg

    async def dial_trunk(
        self,
        name: str,
        number: str,
        *,
        leg_id: str,
        caller: Party,
        timeout_s: float,
        for_leg: Leg | None = None,
        headers: dict[str, str] | None = None,
    ) -> Leg:
        """See `Switch.dial_trunk`. A carrier that cannot be sent to at all gives a leg that has ended."""
        trunk = self._trunks.declared.get(name)
        if trunk is None:
            raise SwitchError(f"There is no trunk {name}.")
        if not number:
            raise SwitchError(f"No number was given to dial over trunk {name}.")
        carrier = Contact(endpoint_id(name), server_uri(trunk, number))
        leg = AsteriskLeg(
            self._control, leg_id, number="", trunk=name, inbound=False, caller=caller, contact=carrier.uri
        )
        await self._dial(
            leg, carrier, timeout_s=timeout_s, for_leg=for_leg, headers=headers, codecs=trunk.codecs
        )
        return leg

    async def _dial(
        self,
        leg: AsteriskLeg,
        contact: Contact,
        *,
        timeout_s: float,
        for_leg: Leg | None,
        headers: dict[str, str] | None,
        codecs: Sequence[str],
    ) -> None:
        """Send the INVITE of a new leg; one that cannot be sent at all ends it."""
        _ = self._control.connected
        if leg.id in self._channels.legs:
            raise SwitchError(f"A leg with id {leg.id} exists already.")
        self._channels.add(leg)
        try:
            await self._control.dial(
                leg,
                contact,
                caller=leg.caller,
                timeout_s=timeout_s,
                for_leg=for_leg.id if for_leg is not None else None,
                headers=headers or {},
                codecs=codecs,
            )
        except SwitchError:
            leg.end(lost=True)
            raise
        finally:
            if leg.ended is not None:
                self._channels.drop(leg)

    async def push_trunks(self, trunks: Sequence[SipTrunk]) -> None:
        """See `Switch.push_trunks`."""
        await self._trunks.push(trunks)

    async def set_music(self, music: Mapping[str, Sequence[Path]]) -> None:
        """See `Switch.set_music`."""
        engine = self._engine
        if engine is None:
            raise SwitchUnavailable("Asterisk is not running now.")
        try:
            changed = await asyncio.to_thread(put_music, engine.config, music, usual=engine.usual_music)
        except OSError as error:
            raise SwitchError(f"The music on hold cannot be set: {error}.") from error
        if changed:
            await self._control.connected.put("asterisk/modules/res_musiconhold")

    async def take_voices(self) -> None:
        """See `Switch.take_voices`."""
        if self._engine is None:
            raise SwitchUnavailable("Asterisk is not running now.")
        await take_voices(self._engine.config, self._engine.data, self.speech.voices)

    def trunks(self) -> Mapping[str, TrunkState]:
        """See `Switch.trunks`."""
        return self._trunks.states()

    @property
    def lamps(self) -> LampPanel:
        """See `Switch.lamps`."""
        return self._control.lamps

    async def bridge(self, bridge_id: str) -> Bridge:
        """See `Switch.bridge`."""
        bridge = AsteriskBridge(self._control, bridge_id)
        await self._control.make_bridge(bridge_id)
        return self._channels.bridges.setdefault(bridge_id, bridge)

    async def left_recordings(self, folder: str) -> list[str]:
        """See `Switch.left_recordings`."""
        return self._control.recordings.left(folder)

    async def finish_recording(self, name: str) -> Recorded | None:
        """See `Switch.finish_recording`."""
        return await self._control.recordings.finish(name)

    async def push(self, endpoints: Sequence[SipEndpoint]) -> None:
        """See `Switch.push`."""
        await self._control.push(endpoints)
        if self._knows_since is None:
            now = datetime.now(UTC)
            self._knows_since = now.replace(
                microsecond=now.microsecond // 1000 * 1000
            )  # as Asterisk tells it

    async def known(self) -> frozenset[str]:
        """See `Switch.known`."""
        return frozenset(await self._control.numbers())

    async def remove(self, number: str) -> None:
        """See `Switch.remove`."""
        legs = [leg for leg in self._channels.legs.values() if leg.number == number]
        contacts = self._contacts.of(number)
        await self._control.remove(number, contacts)
        if self._contacts.forget(number):
            self._tell_contacts(number)
        await asyncio.gather(*(leg.hangup() for leg in legs))

    async def block(self, addresses: Sequence[str]) -> None:
        """See `Switch.block`. The set is kept, and set again in an engine that was started anew."""
        self._blocked = tuple(addresses)
        await self._control.block(self._blocked)
