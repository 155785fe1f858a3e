"""The parts of a running server that know of no call: built, wired and started here, for `server.app`.

Each `start_…` gives what others need of its part; the exit stack of the ground stops it.
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from server.clock import Clock
from server.contract.mail import MailKind
from server.contract.recording import RecordingRight, RecordingRule
from server.core import Core
from server.flows.recording import Recorder
from server.services.agents import Agents
from server.services.call_log import CallLog
from server.services.directory import Directory
from server.services.hub import Hub
from server.services.lamps import Lamps, LampSource
from server.services.mail import Mail
from server.services.mail_smtp import SmtpTransport
from server.services.message_waiting import MessageWaiting
from server.services.music import Music
from server.services.own_forwarding import OwnForwardings
from server.services.presence import PresenceService
from server.services.provisioning import Provisioning
from server.services.queue_boards import QueueBoards
from server.services.queue_log import QueueLog
from server.services.queues import Queues
from server.services.recordings import Recordings
from server.services.recordings_files import RecordingFiles
from server.services.recordings_rights import RecordingRights
from server.services.recordings_store import RecordingStore
from server.services.speech import SpokenLanguages
from server.services.states import States
from server.services.trunks import Trunks
from server.services.voicemail_mails import VoicemailMails
from server.settings import Settings
from server.switch.port import Switch


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything of a running server is built on; `stack` ends what was started, the other way round."""

    stack: AsyncExitStack
    core: Core
    switch: Switch
    hub: Hub
    clock: Clock


async def start_people(ground: Ground) -> tuple[Directory, PresenceService, States]:
    """Who there is, how each is to be reached, and what each is doing."""
    ground.stack.push_async_callback(ground.core.emergencies.stop)
    directory = Directory(extensions=ground.core.extensions)
    await directory.start()
    ground.stack.callback(directory.stop)
    await ground.core.reaching.start()
    ground.stack.callback(ground.core.reaching.stop)
    presence = PresenceService(
        db=ground.core.db,
        clock=ground.clock,
        directory=directory,
        reaching=ground.core.reaching,
        audit=ground.core.audit,
    )
    await presence.start()
    ground.stack.push_async_callback(presence.stop)
    ground.core.keys.start(ground.hub)
    forwardings = OwnForwardings(hub=ground.hub, reaching=ground.core.reaching, presence=presence)
    forwardings.start()
    ground.stack.callback(forwardings.stop)
    states = States(
        clock=ground.clock, switch=ground.switch, hub=ground.hub, directory=directory, presence=presence
    )
    states.start()
    ground.stack.callback(states.stop)
    return directory, presence, states


async def start_copies(ground: Ground, directory: Directory) -> tuple[Provisioning, Trunks]:
    """Start what keeps a copy of the configuration in the switch: extensions, trunks, sounds."""
    stack, core, switch = ground.stack, ground.core, ground.switch
    provisioning = Provisioning(switch=switch, extensions=core.extensions)
    provisioning.start()
    stack.push_async_callback(provisioning.stop)
    trunks = Trunks(switch=switch, configuration=core.configuration)
    trunks.start()
    stack.push_async_callback(trunks.stop)
    await core.start_sounds(stack)
    music = Music(switch=switch, configuration=core.configuration, prompts=core.prompts)
    music.start()
    stack.push_async_callback(music.stop)
    speech = SpokenLanguages(
        switch=switch, configuration=core.configuration, languages=core.languages, directory=directory
    )
    speech.start()
    stack.push_async_callback(speech.stop)
    return provisioning, trunks


async def start_queue_views(ground: Ground, queues: Queues, agents: Agents) -> tuple[QueueLog, QueueBoards]:
    """What people see of the queues: their logs and boards."""
    core, hub, clock = ground.core, ground.hub, ground.clock
    log = QueueLog(db=core.db, hub=hub, clock=clock, queues=queues, configuration=core.configuration)
    boards = QueueBoards(
        db=core.db, hub=hub, clock=clock, queues=queues, agents=agents, configuration=core.configuration
    )
    await boards.start()
    ground.stack.push_async_callback(boards.stop)
    return log, boards


def start_recordings(
    ground: Ground, *, directory: Directory, call_log: CallLog, settings: Settings
) -> tuple[Recordings, Recorder]:
    """What was recorded, and what is being recorded."""
    rights = RecordingRights(
        directory=directory, rights=lambda: ground.core.configuration.snapshot.all(RecordingRight).values()
    )
    recordings = Recordings(
        store=RecordingStore(ground.core.db),
        files=RecordingFiles(settings.data),
        hub=ground.hub,
        clock=ground.clock,
        extensions=ground.core.extensions,
        permissions=rights.of,
        keep_days=settings.retention.recordings_days,
    )
    recorder = Recorder(
        switch=ground.switch,
        recordings=recordings,
        call_log=call_log,
        clock=ground.clock,
        directory=directory,
        rules=lambda: ground.core.configuration.snapshot.all(RecordingRule).values(),
        permissions=rights.of,
    )
    recordings.start()
    ground.stack.push_async_callback(recordings.stop)
    ground.stack.push_async_callback(recorder.stop)
    return recordings, recorder


def start_mail(ground: Ground, server_name: str) -> Mail:
    """Who sends the mails of the outbox."""
    core = ground.core
    mail = Mail(
        outbox=core.outbox,
        transport=SmtpTransport(),
        configuration=core.configuration,
        clock=ground.clock,
        audit=core.audit,
        server_name=server_name,
        zone=lambda: core.configuration.snapshot.zone,
    )
    mails = VoicemailMails(outbox=core.outbox, voicemail=core.voicemail)
    core.voicemail.messages.also = mails.add
    mail.extras[MailKind.VOICEMAIL] = mails.extra
    mail.start()
    ground.stack.push_async_callback(mail.stop)
    return mail


def start_lamps(ground: Ground, directory: Directory, *sources: LampSource) -> None:
    """What desk phones are shown of the states of others."""
    lamps = Lamps(
        switch=ground.switch,
        watchers=lambda: [extension.number for extension in directory.all()],
        sources=sources,
    )
    lamps.start()
    ground.stack.push_async_callback(lamps.stop)
    messages = MessageWaiting(switch=ground.switch, directory=directory, voicemail=ground.core.voicemail)
    messages.start()
    ground.stack.push_async_callback(messages.stop)
