"""What the commands do on the data folder itself, while no server runs."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from server.cli.recording_files import new_file
from server.clock import SystemClock
from server.contract.auth import AdministratorPassword
from server.contract.calls import CallRecord
from server.contract.configuration import ConfigObject
from server.contract.decisions import RouteExplanation, RouteQuery
from server.contract.extensions import Extension, ExtensionChange, ExtensionCreate, ExtensionCreated
from server.contract.keys import FunctionKeys, FunctionKeysChange
from server.contract.kinds import Kind
from server.contract.languages import LanguageInstalled, SpokenLanguage
from server.contract.login_links import LoginLinks, WelcomeSent
from server.contract.mail import MailPreferences
from server.contract.presence import Presence, PresenceChange
from server.contract.prompts import PromptRecording
from server.contract.queue_setup import QueueSetup, QueueSetupChanges
from server.contract.reaching import ReachingSettings
from server.contract.recording import Recording
from server.contract.ring_tones import RingToneSound
from server.contract.voicemail import (
    VoicemailGreeting,
    VoicemailHeard,
    VoicemailMessage,
    VoicemailSelection,
    VoicemailSettings,
)
from server.core import Core, open_core
from server.services.accounts import LOCAL
from server.services.call_log_store import CallStore
from server.services.directory import Directory
from server.services.errors import not_found
from server.services.hub import Hub
from server.services.presence import PresenceService
from server.services.queue_setup import export_setup, take_setup
from server.services.recordings import Recordings
from server.services.recordings_files import RecordingFiles
from server.services.recordings_store import RecordingStore
from server.settings import Settings


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator["Direct"]:
    """The data folder, whose lock the caller holds.

    Raises:
        DataFolderError: the folder is not initialised.
    """
    async with open_core(settings, SystemClock()) as core:
        yield Direct(core)


class Direct:
    """On an open data folder, whose lock is held."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._extensions = core.extensions
        self._administrator = core.administrator
        self._store = CallStore(core.db)
        self._configuration = core.configuration
        self._routing = core.routing
        self._recordings = Recordings(
            store=RecordingStore(core.db),
            files=RecordingFiles(core.settings.data),
            hub=Hub(),
            clock=core.clock,
            extensions=core.extensions,
            permissions=lambda _: (),  # whoever holds the data folder needs none
        )

    async def extensions(self) -> list[Extension]:
        """See `Backend`."""
        return await self._extensions.list()

    async def extension(self, number: str) -> Extension:
        """See `Backend`."""
        return await self._extensions.get(number)

    async def add_extension(self, new: ExtensionCreate) -> ExtensionCreated:
        """See `Backend`."""
        return await self._extensions.add(new, by=LOCAL.user)

    async def change_extension(self, number: str, change: ExtensionChange) -> ExtensionCreated:
        """See `Backend`."""
        return await self._extensions.change(number, change, by=LOCAL.user)

    async def remove_extension(self, number: str) -> None:
        """See `Backend`."""
        await self._extensions.remove(number, by=LOCAL.user)

    async def unlock_extension(self, number: str) -> Extension:
        """See `Backend`."""
        return await self._extensions.unlock(number, by=LOCAL.user)

    async def presence(self, number: str) -> Presence:
        """See `Backend`."""
        async with self._presence(number) as presence:
            return presence.of(number)

    async def change_presence(self, number: str, change: PresenceChange) -> Presence:
        """See `Backend`."""
        async with self._presence(number) as presence:
            return await presence.change(number, change, by=LOCAL.user)

    async def reaching(self, number: str) -> ReachingSettings:
        """See `Backend`."""
        return await self._core.reaching.get(number)

    async def change_reaching(self, number: str, settings: ReachingSettings) -> ReachingSettings:
        """See `Backend`."""
        return await self._core.reaching.change(number, settings, by=LOCAL.user)

    async def keys(self, number: str) -> FunctionKeys:
        """See `Backend`."""
        return await self._core.keys.get(number)

    async def change_keys(self, number: str, change: FunctionKeysChange) -> FunctionKeys:
        """See `Backend`."""
        return await self._core.keys.change(number, change, by=LOCAL.user)

    async def make_login_link(self, number: str) -> LoginLinks:
        """See `Backend`."""
        return await self._core.login_links.make(number, by=LOCAL.user)

    async def send_welcome(self, number: str) -> WelcomeSent:
        """See `Backend`."""
        return await self._core.login_links.send(number, by=LOCAL.user)

    async def mail_preferences(self, number: str) -> MailPreferences:
        """See `Backend`."""
        return await self._core.personal_mail.get(number)

    async def change_mail_preferences(self, number: str, preferences: MailPreferences) -> MailPreferences:
        """See `Backend`."""
        return await self._core.personal_mail.change(number, preferences, by=LOCAL.user)

    async def voicemail(self, box: str) -> VoicemailSettings:
        """See `Backend`."""
        return await self._core.voicemail.get(box)

    async def change_voicemail(self, box: str, settings: VoicemailSettings) -> VoicemailSettings:
        """See `Backend`."""
        return await self._core.voicemail.change(box, settings, by=LOCAL.user)

    async def messages(self, box: str) -> list[VoicemailMessage]:
        """See `Backend`."""
        await self._core.voicemail.check(box)
        return await self._core.voicemail.messages.list(box)

    async def mark_messages(self, box: str, selection: VoicemailHeard) -> int:
        """See `Backend`."""
        await self._core.voicemail.check(box)
        return await self._core.voicemail.messages.mark(box, selection.chosen, heard=selection.heard)

    async def delete_messages(self, box: str, selection: VoicemailSelection) -> int:
        """See `Backend`."""
        await self._core.voicemail.check(box)
        count = await self._core.voicemail.messages.delete(box, selection.chosen)
        await self._core.audit.note("voicemail.delete", actor=LOCAL.user, subject=box, count=count)
        return count

    async def message_sound(self, box: str, message_id: str) -> bytes:
        """See `Backend`."""
        path = await self._core.voicemail.messages.file(box, message_id)
        await self._core.audit.note("voicemail.listen", actor=LOCAL.user, subject=box, message=message_id)
        return await asyncio.to_thread(path.read_bytes)

    async def greetings(self, box: str) -> list[VoicemailGreeting]:
        """See `Backend`."""
        await self._core.voicemail.check(box)
        return await self._core.voicemail.greetings.list(box)

    async def add_greeting(self, box: str, name: str, content: bytes) -> VoicemailGreeting:
        """See `Backend`."""
        return await self._core.voicemail.greetings.upload(box, name, content, by=LOCAL.user)

    async def delete_greetings(self, box: str, selection: VoicemailSelection) -> int:
        """See `Backend`."""
        await self._core.voicemail.check(box)
        return await self._core.voicemail.greetings.delete(box, selection.chosen, by=LOCAL.user)

    @asynccontextmanager
    async def _presence(self, number: str) -> AsyncIterator[PresenceService]:
        """The service as the server runs it, for one enabled extension."""
        core = self._core
        async with AsyncExitStack() as stack:
            directory = Directory(extensions=core.extensions)
            await directory.start()
            stack.callback(directory.stop)
            if directory.get(number) is None:
                raise not_found(f"extension {number} that is enabled")
            await core.reaching.start()
            stack.callback(core.reaching.stop)
            presence = PresenceService(
                db=core.db, clock=core.clock, directory=directory, reaching=core.reaching, audit=core.audit
            )
            await presence.start()
            stack.push_async_callback(presence.stop)
            yield presence

    async def calls(self, *, extension: str | None, limit: int) -> list[CallRecord]:
        """See `Backend`."""
        return await self._store.records(extension=extension, limit=limit)

    async def recordings(self, *, extension: str | None, text: str, limit: int) -> list[Recording]:
        """See `Backend`."""
        return await self._recordings.find(owner=extension, text=text, limit=limit)

    async def recording(self, recording_id: str) -> Recording:
        """See `Backend`."""
        return await self._recordings.get(recording_id)

    async def export_recording(self, recording_id: str, to: Path) -> int:
        """See `Backend`."""
        path = await self._recordings.file(recording_id)
        await self._core.audit.note("recording.export", actor=LOCAL.user, subject=recording_id)
        with new_file(to) as file, path.open("rb") as made:
            shutil.copyfileobj(made, file)
            return file.tell()

    async def remove_recording(self, recording_id: str) -> None:
        """See `Backend`."""
        found = await self._recordings.remove(recording_id)
        await self._core.audit.note(
            "recording.remove",
            actor=LOCAL.user,
            subject=recording_id,
            caller=found.caller,
            callee=found.callee,
        )

    async def reset_administrator(self, password: str | None) -> AdministratorPassword:
        """See `Backend`."""
        return await self._administrator.reset(password, by=LOCAL.user)

    async def objects(self, kind: Kind) -> list[ConfigObject]:
        """See `Backend`."""
        return self._configuration.list(kind.model)

    async def object(self, kind: Kind, key: str) -> ConfigObject:
        """See `Backend`."""
        return self._configuration.get(kind.model, key)

    async def put_object(self, kind: Kind, item: ConfigObject) -> ConfigObject:  # noqa: ARG002
        """See `Backend`."""
        return await self._configuration.put(item, by=LOCAL.user)

    async def remove_object(self, kind: Kind, key: str) -> None:
        """See `Backend`."""
        await self._configuration.remove(kind.model, key, by=LOCAL.user)

    async def queue_setup(self) -> QueueSetup:
        """See `Backend`."""
        return export_setup(self._configuration)

    async def import_queues(self, setup: QueueSetup, *, dry_run: bool) -> QueueSetupChanges:
        """See `Backend`."""
        return await take_setup(self._configuration, setup, by=LOCAL.user, dry_run=dry_run)

    async def prompt_recordings(self, name: str) -> list[PromptRecording]:
        """See `Backend`."""
        return await self._core.prompts.recordings(name)

    async def upload_prompt(self, name: str, language: str, content: bytes) -> PromptRecording:
        """See `Backend`."""
        return await self._core.prompts.upload(name, language, content, by=LOCAL.user)

    async def prompt_content(self, name: str, language: str) -> bytes:
        """See `Backend`."""
        return await self._core.prompts.content(name, language)

    async def remove_prompt_recording(self, name: str, language: str) -> None:
        """See `Backend`."""
        await self._core.prompts.remove(name, language, by=LOCAL.user)

    async def upload_ring_tone(self, name: str, content: bytes) -> RingToneSound:
        """See `Backend`."""
        return await self._core.ring_tones.upload(name, content, by=LOCAL.user)

    async def ring_tone_content(self, name: str) -> bytes:
        """See `Backend`."""
        return await self._core.ring_tones.content(name=name)

    async def languages(self) -> list[SpokenLanguage]:
        """See `Backend`."""
        return await self._core.languages.list()

    async def install_language(self, language: str, packed: bytes) -> LanguageInstalled:
        """See `Backend`."""
        return await self._core.languages.install(language, packed, by=LOCAL.user)

    async def remove_language(self, language: str) -> None:
        """See `Backend`."""
        await self._core.languages.remove(language, by=LOCAL.user)

    async def explain_route(self, query: RouteQuery) -> RouteExplanation:
        """See `Backend`."""
        return await self._routing.explain(query)
