"""The composition root: everything is built and wired here (see `server.core` and `server.parts`)."""

import asyncio
import logging
import os
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from server import data_folder, parts, ports
from server.api.app import create_api
from server.api.deps import Services
from server.api.serve import serving
from server.clock import Clock, SystemClock
from server.contract.conference import Conference
from server.contract.monitoring import MonitoringRight
from server.core import Core, open_core
from server.data_folder import RunningServer
from server.flows.calls import Calls
from server.flows.conference import Rooms
from server.flows.control import CallControl
from server.flows.leg_ids import call_of_leg
from server.flows.monitoring import Monitors
from server.flows.own_calls import OwnCalls
from server.flows.parking import ParkingLot
from server.flows.phone_settings import PhoneSettings
from server.flows.planning import Planner
from server.flows.voicemail import Mailboxes
from server.services import certificate
from server.services.agent_presence import AgentPresence
from server.services.agents import Agents
from server.services.call_log import CallLog
from server.services.call_log_store import CallStore
from server.services.hub import Hub
from server.services.lamp_sources import (
    ExtensionLamps,
    MailboxLamps,
    PairLamps,
    ParkingLamps,
    PresenceLamps,
)
from server.services.own_account import OwnAccount
from server.services.own_phones import OwnPhones
from server.services.pairs import Pairs
from server.services.queue_lamps import QueueLamps
from server.services.queue_notices import QueueNotices
from server.services.queue_reports import QueueReports
from server.services.queue_store import QueueStore
from server.services.queues import Queues
from server.services.readiness import ReadinessService
from server.services.retention import Retention
from server.services.sip_guard import SipGuard
from server.services.tasks import Background
from server.settings import Settings
from server.switch.asterisk import AsteriskSettings, AsteriskSwitch
from server.switch.port import Switch

SWEEP_S = 60.0

_log = logging.getLogger(__name__)


class Application:
    """One server, from its data folder to its API: `async with Application(settings) as app`.

    Entering raises `DataFolderError`, `PortTaken`, `VaultError`, `CertificateError`, `DatabaseTooNew`, each
    with a message for a person. A problem of the switch is none: `ready` tells of it.

    Attributes:
        settings: with every port 0 replaced by the one in use, from entering on.
        services: what the API serves, from entering on.
        http_port: where the API listens, from entering on.
    """

    settings: Settings
    services: Services
    http_port: int

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, switch: Switch | None = None
    ) -> None:
        self.settings = settings
        self._clock = clock or SystemClock()
        self._given_switch = switch
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def _start(self, stack: AsyncExitStack) -> None:
        data = self.settings.data
        stack.enter_context(data_folder.locked(data))
        data_folder.spend_reserve(data)
        data_folder.forget_running(data)  # a server that was killed did not
        certificate.server_context(self.settings.certificate, self.settings.key)
        bound = ports.listen_http(self.settings)
        stack.callback(bound.close)
        self.http_port = bound.getsockname()[1]
        self.settings = ports.settle(self.settings)
        core = await stack.enter_async_context(open_core(self.settings, self._clock))
        switch = self._given_switch or AsteriskSwitch(_asterisk_settings(self.settings))
        self.services = await self._start_services(stack, core, switch)
        api = create_api(self.services)
        await stack.enter_async_context(
            serving(api, bound, certificate=self.settings.certificate, key=self.settings.key)
        )
        running = RunningServer(os.getpid(), self.settings.http.host, self.http_port)
        data_folder.write_running(data, running)
        stack.callback(data_folder.forget_running, data)
        await switch.start()
        housekeeping = Background("housekeeping")
        stack.push_async_callback(housekeeping.cancel)
        retention = Retention(db=core.db, clock=self._clock, settings=self.settings.retention)
        housekeeping.spawn(_sweep(core, retention, self.services))
        _log.info("The API listens on https://%s:%d", self.settings.http.host, self.http_port)

    async def _start_services(self, stack: AsyncExitStack, core: Core, switch: Switch) -> Services:
        """Build and start, each before those that follow it; the exit stack stops them the other way round.

        The switch is started later, when everybody listens; it is closed after the calls were ended.
        """
        clock = self._clock
        hub = Hub()
        stack.callback(core.auth.observe_ended(hub.end_session))
        own_account = OwnAccount(
            hub=hub, auth=core.auth, extensions=core.extensions, configuration=core.configuration
        )
        own_account.start()
        stack.callback(own_account.stop)

        ground = parts.Ground(stack=stack, core=core, switch=switch, hub=hub, clock=clock)
        directory, presence, states = await parts.start_people(ground)
        store = CallStore(core.db, core.personal_mail.calls_missed)
        call_log = CallLog(store=store, hub=hub, extensions=core.extensions)
        call_log.start()
        stack.push_async_callback(call_log.stop)
        pairs = Pairs(
            clock=clock, switch=switch, hub=hub, directory=directory, configuration=core.configuration
        )
        pairs.start()
        stack.callback(pairs.stop)
        stack.push_async_callback(switch.aclose)
        await core.voicemail.start(hub)
        stack.push_async_callback(core.voicemail.stop)
        mail = parts.start_mail(ground, self.settings.name)
        guard = SipGuard(
            switch=switch, db=core.db, clock=clock, audit=core.audit, settings=self.settings.guard
        )
        await guard.start()
        stack.push_async_callback(guard.stop)
        provisioning, trunks = await parts.start_copies(ground, directory)
        rooms = Rooms(
            switch=switch,
            conference=lambda number: core.configuration.snapshot.get(Conference, number),
            pin=lambda number: core.configuration.secret(Conference, number),
        )
        queues = Queues(
            clock=clock,
            store=QueueStore(core.db, QueueNotices(outbox=core.outbox, configuration=core.configuration).add),
            hub=hub,
            switch=switch,
            states=states,
            configuration=core.configuration,
            call_of_leg=call_of_leg,
        )
        await queues.start()
        stack.push_async_callback(queues.stop)
        agents = Agents(queues=queues, audit=core.audit)
        agent_presence = AgentPresence(presence=presence, reaching=core.reaching, agents=agents)
        agent_presence.start()
        stack.callback(agent_presence.stop)
        queue_reports = QueueReports(db=core.db, clock=clock, agents=agents)
        queue_log, queue_boards = await parts.start_queue_views(ground, queues, agents)
        mailboxes = Mailboxes(
            voicemail=core.voicemail, presence=presence, zone=lambda: core.configuration.snapshot.zone
        )
        planner = Planner(
            switch=switch,
            directory=directory,
            presence=presence,
            reaching=core.reaching,
            snapshot=lambda: core.configuration.snapshot,
            clock=clock,
            mailboxes=mailboxes,
            spoken=core.prompts.sound,
            rooms=rooms,
            queues=queues,
            emergencies=core.emergencies,
            silent_trunks=trunks.silences.now,
        )
        lot = ParkingLot(hub=hub, clock=clock, settings=lambda: core.configuration.snapshot.parking)
        parts.start_lamps(
            ground,
            directory,
            ExtensionLamps(states, directory),
            ParkingLamps(lot, core.configuration),
            PresenceLamps(presence, directory, core.configuration),
            MailboxLamps(core.voicemail, directory, core.configuration),
            PairLamps(pairs),
            QueueLamps(queues, directory, core.configuration),
        )
        recordings, recorder = parts.start_recordings(
            ground, directory=directory, call_log=call_log, settings=self.settings
        )
        own_phones = OwnPhones(switch=switch, hub=hub, directory=directory)
        own_phones.start()
        stack.callback(own_phones.stop)
        own_calls = OwnCalls(switch=switch, recorder=recorder, queues=queues, hub=hub, clock=clock)
        own_calls.start()
        stack.callback(own_calls.stop)
        calls = Calls(
            switch=switch,
            directory=directory,
            planner=planner,
            call_log=call_log,
            clock=clock,
            lot=lot,
            rooms=rooms,
            monitors=Monitors(
                directory=directory,
                rights=lambda: core.configuration.snapshot.all(MonitoringRight).values(),
                audit=core.audit,
            ),
            recorder=recorder,
            mailboxes=mailboxes,
            own_calls=own_calls,
            settings=PhoneSettings(
                reaching=core.reaching,
                presence=presence,
                directory=directory,
                configuration=core.configuration,
            ),
            pairs=pairs,
            queues=queues,
            agents=agents,
            emergencies=core.emergencies,
            ring_tone=core.ring_tones.hash_of,
            ring_timeout_s=self.settings.calls.ring_timeout_s,
            per_extension=self.settings.calls.per_extension,
        )
        await calls.start()
        stack.push_async_callback(calls.stop)
        control = CallControl(
            calls=calls,
            switch=switch,
            directory=directory,
            clock=clock,
            audit=core.audit,
            recorder=recorder,
            own_calls=own_calls,
            ring_timeout_s=self.settings.calls.ring_timeout_s,
        )
        stack.push_async_callback(control.stop)
        return Services(
            settings=self.settings,
            clock=clock,
            started_at=clock.now(),
            db=core.db,
            switch=switch,
            hub=hub,
            directory=directory,
            extensions=core.extensions,
            configuration=core.configuration,
            routing=core.routing,
            provisioning=provisioning,
            prompts=core.prompts,
            languages=core.languages,
            ring_tones=core.ring_tones,
            avatars=core.avatars,
            auth=core.auth,
            administrator=core.administrator,
            audit=core.audit,
            presence=presence,
            reaching=core.reaching,
            keys=core.keys,
            voicemail=core.voicemail,
            states=states,
            call_log=call_log,
            guard=guard,
            calls=calls,
            control=control,
            own_calls=own_calls,
            mailboxes=mailboxes,
            recorder=recorder,
            recordings=recordings,
            pairs=pairs,
            queues=queues,
            agents=agents,
            queue_reports=queue_reports,
            queue_log=queue_log,
            queue_boards=queue_boards,
            trunks=trunks,
            mail=mail,
            personal_mail=core.personal_mail,
            login_links=core.login_links,
            readiness=ReadinessService(db=core.db, switch=switch, data=self.settings.data, mail=mail.check),
        )


def _asterisk_settings(settings: Settings) -> AsteriskSettings:
    return AsteriskSettings(
        data=settings.switch_folder,
        sip_host=settings.sip.host,
        sip_port=settings.sip.port,
        sips_host=settings.sips.host,
        sips_port=settings.sips.port,
        rtp_low=settings.rtp.low,
        rtp_high=settings.rtp.high,
        certificate=settings.certificate,
        key=settings.key,
        ari_port=settings.switch.ari_port,
        installation=settings.switch.asterisk,
        external_media_address=settings.switch.external_media_address,
    )


async def _sweep(core: Core, retention: Retention, services: Services) -> None:
    while True:
        data_folder.keep_reserve(core.settings.data)
        await asyncio.sleep(SWEEP_S)
        try:
            await core.auth.sweep()
            await retention.sweep()
            await core.emergencies.sweep()
            await services.recordings.sweep()
            await core.outbox.sweep()
            await core.login_links.sweep()
            await services.calls.sort_out_recordings()
        except SQLAlchemyError as error:
            _log.warning("Housekeeping failed, it is tried again in %.0f s: %s", SWEEP_S, error)
