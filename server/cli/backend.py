"""Where commands are carried out: by the running server, or on the data folder while none runs.

Each way is imported when it is taken: together they would be most of the time that a command takes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

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
from server.data_folder import DataFolderBusy, locked, read_running
from server.settings import Settings

BUSY_WAIT_S = 10.0
"""How long to wait for a server that is just starting, or for another command to finish."""

_POLL_S = 0.1


class Backend(Protocol):
    """What the commands need; both ways behave alike."""

    async def extensions(self) -> list[Extension]:
        """All extensions, by number."""

    async def extension(self, number: str) -> Extension:
        """One extension."""

    async def add_extension(self, new: ExtensionCreate) -> ExtensionCreated:
        """Add one."""

    async def change_extension(self, number: str, change: ExtensionChange) -> ExtensionCreated:
        """Change one."""

    async def remove_extension(self, number: str) -> None:
        """Remove one."""

    async def unlock_extension(self, number: str) -> Extension:
        """Lift its lock."""

    async def presence(self, number: str) -> Presence:
        """The presence of an extension."""

    async def change_presence(self, number: str, change: PresenceChange) -> Presence:
        """Choose a status for it."""

    async def reaching(self, number: str) -> ReachingSettings:
        """How it is reached."""

    async def change_reaching(self, number: str, settings: ReachingSettings) -> ReachingSettings:
        """Replace that."""

    async def keys(self, number: str) -> FunctionKeys:
        """Function keys of an extension."""

    async def change_keys(self, number: str, change: FunctionKeysChange) -> FunctionKeys:
        """Replace them."""

    async def make_login_link(self, number: str) -> LoginLinks:
        """New login links of an extension."""

    async def send_welcome(self, number: str) -> WelcomeSent:
        """Send such links by mail."""

    async def mail_preferences(self, number: str) -> MailPreferences:
        """Which mails an extension gets."""

    async def change_mail_preferences(self, number: str, preferences: MailPreferences) -> MailPreferences:
        """Replace that."""

    async def voicemail(self, box: str) -> VoicemailSettings:
        """Settings of a mailbox."""

    async def change_voicemail(self, box: str, settings: VoicemailSettings) -> VoicemailSettings:
        """Replace them."""

    async def messages(self, box: str) -> list[VoicemailMessage]:
        """Messages of a mailbox, the newest first."""

    async def mark_messages(self, box: str, selection: VoicemailHeard) -> int:
        """Mark messages as heard or new; how many were changed."""

    async def delete_messages(self, box: str, selection: VoicemailSelection) -> int:
        """Delete messages; how many there were."""

    async def message_sound(self, box: str, message_id: str) -> bytes:
        """The WAV file of a message."""

    async def greetings(self, box: str) -> list[VoicemailGreeting]:
        """Personal greetings of a mailbox."""

    async def add_greeting(self, box: str, name: str, content: bytes) -> VoicemailGreeting:
        """Add one from a WAV file."""

    async def delete_greetings(self, box: str, selection: VoicemailSelection) -> int:
        """Delete greetings; how many there were."""

    async def calls(self, *, extension: str | None, limit: int) -> list[CallRecord]:
        """The newest calls."""

    async def recordings(self, *, extension: str | None, text: str, limit: int) -> list[Recording]:
        """The newest recordings."""

    async def recording(self, recording_id: str) -> Recording:
        """One recording."""

    async def export_recording(self, recording_id: str, to: Path) -> int:
        """Write its sound to a new file; how many bytes."""

    async def remove_recording(self, recording_id: str) -> None:
        """Delete one for everybody."""

    async def reset_administrator(self, password: str | None) -> AdministratorPassword:
        """A new password for the administrator; None: make one."""

    async def objects(self, kind: Kind) -> list[ConfigObject]:
        """All objects of a kind of the configuration, in their order."""

    async def object(self, kind: Kind, key: str) -> ConfigObject:
        """One object."""

    async def put_object(self, kind: Kind, item: ConfigObject) -> ConfigObject:
        """Add or replace one."""

    async def remove_object(self, kind: Kind, key: str) -> None:
        """Remove one."""

    async def queue_setup(self) -> QueueSetup:
        """Every queue, and the options of all of them."""

    async def import_queues(self, setup: QueueSetup, *, dry_run: bool) -> QueueSetupChanges:
        """Have these, and no other queues."""

    async def prompt_recordings(self, name: str) -> list[PromptRecording]:
        """The languages in which a prompt is heard."""

    async def upload_prompt(self, name: str, language: str, content: bytes) -> PromptRecording:
        """Set what is heard of a prompt, from a sound file."""

    async def prompt_content(self, name: str, language: str) -> bytes:
        """What is heard of a prompt, as WAV."""

    async def remove_prompt_recording(self, name: str, language: str) -> None:
        """A prompt is not heard in this language any more."""

    async def upload_ring_tone(self, name: str, content: bytes) -> RingToneSound:
        """Set what is heard of a ring tone, from a sound file."""

    async def ring_tone_content(self, name: str) -> bytes:
        """What is heard of a ring tone, as WAV."""

    async def languages(self) -> list[SpokenLanguage]:
        """The languages in which the PBX speaks, beside English."""

    async def install_language(self, language: str, packed: bytes) -> LanguageInstalled:
        """Install a sound package."""

    async def remove_language(self, language: str) -> None:
        """The PBX does not speak it any more."""

    async def explain_route(self, query: RouteQuery) -> RouteExplanation:
        """Where a call would go, and why."""


@asynccontextmanager
async def backend(settings: Settings) -> AsyncIterator[Backend]:
    """The running server of this data folder; while none runs, the data folder itself.

    Raises:
        Unreachable: a server runs, but does not answer.
        DataFolderError: the folder is not initialised.
    """
    waited = 0.0
    while True:
        try:
            with locked(settings.data):
                from server.cli import direct  # noqa: PLC0415  (only this way needs the database)

                async with direct.opened(settings) as opened:
                    yield opened
                return
        except DataFolderBusy:
            if read_running(settings.data) is not None:
                break
            if waited >= BUSY_WAIT_S:
                raise
        await asyncio.sleep(_POLL_S)  # the lock of another process tells nobody when it is free
        waited += _POLL_S
    from server.cli import remote  # noqa: PLC0415  (only this way needs an HTTP client)

    async with remote.server(settings) as running:
        yield running
