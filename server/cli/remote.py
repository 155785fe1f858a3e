"""Commands carried out by the running server, through its API."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pydantic import BaseModel, TypeAdapter, ValidationError

from server.cli.common import Unreachable
from server.cli.recording_files import CHUNK, new_file
from server.cli.remote_sounds import RemoteSounds
from server.contract.agents import (
    AgentReport,
    AgentStatus,
    AgentSwitch,
    QueueLogEntry,
    QueueReport,
    ResultChange,
    WaitingCaller,
)
from server.contract.auth import AdministratorPassword, AdministratorPasswordReset
from server.contract.calls import (
    CallAnswer,
    CallHold,
    CallOrder,
    CallOrdered,
    CallPark,
    CallParked,
    CallRecord,
    CallTransfer,
)
from server.contract.configuration import ConfigObject
from server.contract.decisions import RouteExplanation, RouteQuery
from server.contract.errors import ErrorBody
from server.contract.extensions import Extension, ExtensionChange, ExtensionCreate, ExtensionCreated
from server.contract.keys import FunctionKeys, FunctionKeysChange
from server.contract.kinds import Kind
from server.contract.login_links import LoginLinks, WelcomeSent
from server.contract.mail import MailPreferences, MailTest, MailTested, QueuedMail
from server.contract.pairs import Pair, PairSwitch
from server.contract.presence import Presence, PresenceChange
from server.contract.queue_board import QueueBoardInFull
from server.contract.queue_setup import QueueSetup, QueueSetupChanges
from server.contract.reaching import ReachingSettings
from server.contract.recording import CallRecording, Recording, RecordingOrder
from server.contract.system import ActiveCall, ServerStatus
from server.contract.voicemail import (
    VoicemailChanged,
    VoicemailGreeting,
    VoicemailHeard,
    VoicemailMessage,
    VoicemailSelection,
    VoicemailSettings,
)
from server.data_folder import DataFolderBusy, RunningServer, locked, read_running
from server.services.errors import ServiceError
from server.services.vault import CLI_TOKEN_NAME, read_secret
from server.settings import Settings

TIMEOUT_S = 90.0
"""The longest is an upload, which is converted first."""


class Remote(RemoteSounds):
    """The `server.cli.backend.Backend` that asks the API of the running server."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def status(self) -> ServerStatus:
        """The server at a glance."""
        return ServerStatus.model_validate(await self._ask("GET", "status"))

    async def extensions(self) -> list[Extension]:
        """See `Backend`."""
        return TypeAdapter(list[Extension]).validate_python(await self._ask("GET", "extensions"))

    async def extension(self, number: str) -> Extension:
        """See `Backend`."""
        return Extension.model_validate(await self._ask("GET", f"extensions/{quote(number, safe='')}"))

    async def add_extension(self, new: ExtensionCreate) -> ExtensionCreated:
        """See `Backend`."""
        return ExtensionCreated.model_validate(await self._ask("POST", "extensions", new))

    async def change_extension(self, number: str, change: ExtensionChange) -> ExtensionCreated:
        """See `Backend`."""
        return ExtensionCreated.model_validate(
            await self._ask("PATCH", f"extensions/{quote(number, safe='')}", change)
        )

    async def remove_extension(self, number: str) -> None:
        """See `Backend`."""
        await self._ask("DELETE", f"extensions/{quote(number, safe='')}")

    async def unlock_extension(self, number: str) -> Extension:
        """See `Backend`."""
        return Extension.model_validate(
            await self._ask("POST", f"extensions/{quote(number, safe='')}/unlock")
        )

    async def presence(self, number: str) -> Presence:
        """See `Backend`."""
        return Presence.model_validate(await self._ask("GET", _presence_of(number)))

    async def change_presence(self, number: str, change: PresenceChange) -> Presence:
        """See `Backend`."""
        return Presence.model_validate(await self._ask("PUT", _presence_of(number), change))

    async def reaching(self, number: str) -> ReachingSettings:
        """See `Backend`."""
        return ReachingSettings.model_validate(await self._ask("GET", f"{_presence_of(number)}/settings"))

    async def change_reaching(self, number: str, settings: ReachingSettings) -> ReachingSettings:
        """See `Backend`."""
        answer = await self._ask("PUT", f"{_presence_of(number)}/settings", settings)
        return ReachingSettings.model_validate(answer)

    async def keys(self, number: str) -> FunctionKeys:
        """See `Backend`."""
        return FunctionKeys.model_validate(await self._ask("GET", _keys_of(number)))

    async def change_keys(self, number: str, change: FunctionKeysChange) -> FunctionKeys:
        """See `Backend`."""
        return FunctionKeys.model_validate(await self._ask("PUT", _keys_of(number), change))

    async def make_login_link(self, number: str) -> LoginLinks:
        """See `Backend`."""
        path = f"extensions/{quote(number, safe='')}/login-link"
        return LoginLinks.model_validate(await self._ask("POST", path))

    async def send_welcome(self, number: str) -> WelcomeSent:
        """See `Backend`."""
        path = f"extensions/{quote(number, safe='')}/welcome"
        return WelcomeSent.model_validate(await self._ask("POST", path))

    async def mail_preferences(self, number: str) -> MailPreferences:
        """See `Backend`."""
        return MailPreferences.model_validate(await self._ask("GET", _mail_of(number)))

    async def change_mail_preferences(self, number: str, preferences: MailPreferences) -> MailPreferences:
        """See `Backend`."""
        return MailPreferences.model_validate(await self._ask("PUT", _mail_of(number), preferences))

    async def voicemail(self, box: str) -> VoicemailSettings:
        """See `Backend`."""
        return VoicemailSettings.model_validate(await self._ask("GET", f"{_mailbox(box)}/settings"))

    async def change_voicemail(self, box: str, settings: VoicemailSettings) -> VoicemailSettings:
        """See `Backend`."""
        answer = await self._ask("PUT", f"{_mailbox(box)}/settings", settings)
        return VoicemailSettings.model_validate(answer)

    async def messages(self, box: str) -> list[VoicemailMessage]:
        """See `Backend`."""
        return TypeAdapter(list[VoicemailMessage]).validate_python(await self._ask("GET", _mailbox(box)))

    async def mark_messages(self, box: str, selection: VoicemailHeard) -> int:
        """See `Backend`."""
        answer = await self._ask("POST", f"{_mailbox(box)}/heard", selection)
        return VoicemailChanged.model_validate(answer).count

    async def delete_messages(self, box: str, selection: VoicemailSelection) -> int:
        """See `Backend`."""
        answer = await self._ask("POST", f"{_mailbox(box)}/delete", selection)
        return VoicemailChanged.model_validate(answer).count

    async def message_sound(self, box: str, message_id: str) -> bytes:
        """See `Backend`."""
        sound: bytes = await self._ask("GET", f"{_mailbox(box)}/{quote(message_id, safe='')}/audio")
        return sound

    async def greetings(self, box: str) -> list[VoicemailGreeting]:
        """See `Backend`."""
        answer = await self._ask("GET", f"{_mailbox(box)}/greetings")
        return TypeAdapter(list[VoicemailGreeting]).validate_python(answer)

    async def add_greeting(self, box: str, name: str, content: bytes) -> VoicemailGreeting:
        """See `Backend`."""
        answer = await self._ask("POST", f"{_mailbox(box)}/greetings", content, query={"name": name})
        return VoicemailGreeting.model_validate(answer)

    async def delete_greetings(self, box: str, selection: VoicemailSelection) -> int:
        """See `Backend`."""
        answer = await self._ask("POST", f"{_mailbox(box)}/greetings/delete", selection)
        return VoicemailChanged.model_validate(answer).count

    async def calls(self, *, extension: str | None, limit: int) -> list[CallRecord]:
        """See `Backend`."""
        query = {"limit": str(limit)} | ({"extension": extension} if extension else {})
        return TypeAdapter(list[CallRecord]).validate_python(await self._ask("GET", "calls", query=query))

    async def active_calls(self) -> list[ActiveCall]:
        """Calls in progress, oldest first."""
        return TypeAdapter(list[ActiveCall]).validate_python(await self._ask("GET", "calls/active"))

    async def make_call(self, extension: str, order: CallOrder) -> CallOrdered:
        """Let an extension call a number."""
        path = f"extensions/{quote(extension, safe='')}/calls"
        return CallOrdered.model_validate(await self._ask("POST", path, order))

    async def transfer_call(self, call_id: str, order: CallTransfer) -> None:
        """Send one side of a call on to a number."""
        await self._ask("POST", f"calls/{quote(call_id, safe='')}/transfer", order)

    async def answer_call(self, call_id: str, order: CallAnswer) -> None:
        """Have a phone answer a call that rings there."""
        await self._ask("POST", f"calls/{quote(call_id, safe='')}/answer", order)

    async def hold_call(self, call_id: str, order: CallHold, *, on: bool) -> None:
        """Hold a call for one of its sides, or do so no longer."""
        action = "hold" if on else "resume"
        await self._ask("POST", f"calls/{quote(call_id, safe='')}/{action}", order)

    async def park_call(self, call_id: str, order: CallPark) -> CallParked:
        """Let the other end of one side of a call wait on a parking slot."""
        path = f"calls/{quote(call_id, safe='')}/park"
        return CallParked.model_validate(await self._ask("POST", path, order))

    async def hang_up_call(self, call_id: str) -> None:
        """End a call."""
        await self._ask("DELETE", f"calls/{quote(call_id, safe='')}")

    async def pairs(self) -> list[Pair]:
        """All pairs of boss and secretary."""
        return TypeAdapter(list[Pair]).validate_python(await self._ask("GET", "pairs"))

    async def switch_pair(self, boss: str, secretary: str, switch: PairSwitch) -> Pair:
        """Switch a pair on or off."""
        path = f"pairs/{quote(boss, safe='')}/{quote(secretary, safe='')}"
        return Pair.model_validate(await self._ask("PUT", path, switch))

    async def agents(self, queue: str) -> list[AgentStatus]:
        """The agents of a queue."""
        found = await self._ask("GET", f"queues/{quote(queue, safe='')}/agents")
        return TypeAdapter(list[AgentStatus]).validate_python(found)

    async def queue_callers(self, queue: str) -> list[WaitingCaller]:
        """Who waits in a queue."""
        found = await self._ask("GET", f"queues/{quote(queue, safe='')}/callers")
        return TypeAdapter(list[WaitingCaller]).validate_python(found)

    async def queue_calls(self, queue: str, query: dict[str, str]) -> list[QueueLogEntry]:
        """Calls of a queue that are over."""
        found = await self._ask("GET", f"queues/{quote(queue, safe='')}/calls", query=query)
        return TypeAdapter(list[QueueLogEntry]).validate_python(found)

    async def queue_call_result(self, queue: str, entry: int, change: ResultChange) -> QueueLogEntry:
        """How far a call of a queue was dealt with."""
        path = f"queues/{quote(queue, safe='')}/calls/{entry}/result"
        return QueueLogEntry.model_validate(await self._ask("PUT", path, change))

    async def queue_board(self, queue: str) -> QueueBoardInFull:
        """How a queue stands now."""
        return QueueBoardInFull.model_validate(
            await self._ask("GET", f"queues/{quote(queue, safe='')}/board")
        )

    async def queue_report(self, queue: str, query: dict[str, str]) -> list[QueueReport]:
        """Sums over the calls of a queue."""
        found = await self._ask("GET", f"queues/{quote(queue, safe='')}/report", query=query)
        return TypeAdapter(list[QueueReport]).validate_python(found)

    async def test_mail(self, request: MailTest) -> MailTested:
        """Send a mail at once."""
        return MailTested.model_validate(await self._ask("POST", "mail/test", request))

    async def mails(self, query: dict[str, str]) -> list[QueuedMail]:
        """Mails of the outbox, the newest first."""
        found = await self._ask("GET", "mail/queue", query=query)
        return TypeAdapter(list[QueuedMail]).validate_python(found)

    async def retry_mail(self, mail_id: int) -> QueuedMail:
        """Try a mail at once."""
        return QueuedMail.model_validate(await self._ask("POST", f"mail/queue/{mail_id}/retry"))

    async def cancel_mail(self, mail_id: int) -> None:
        """Remove a mail that is not sent."""
        await self._ask("DELETE", f"mail/queue/{mail_id}")

    async def agent_report(self, queue: str, query: dict[str, str]) -> list[AgentReport]:
        """What each agent of a queue did."""
        found = await self._ask("GET", f"queues/{quote(queue, safe='')}/agent-report", query=query)
        return TypeAdapter(list[AgentReport]).validate_python(found)

    async def switch_agent(self, queue: str, extension: str, change: AgentSwitch) -> AgentStatus:
        """Log an agent in or out, or pause them."""
        path = f"queues/{quote(queue, safe='')}/agents/{quote(extension, safe='')}"
        return AgentStatus.model_validate(await self._ask("PUT", path, change))

    async def record_call(self, call_id: str, order: RecordingOrder) -> CallRecording:
        """Change the recording of a call in progress."""
        path = f"calls/{quote(call_id, safe='')}/recording"
        return CallRecording.model_validate(await self._ask("POST", path, order))

    async def recordings(self, *, extension: str | None, text: str, limit: int) -> list[Recording]:
        """See `Backend`."""
        query = {"limit": str(limit), "q": text} | ({"extension": extension} if extension else {})
        found = await self._ask("GET", "recordings", query=query)
        return TypeAdapter(list[Recording]).validate_python(found)

    async def recording(self, recording_id: str) -> Recording:
        """See `Backend`."""
        return Recording.model_validate(await self._ask("GET", f"recordings/{quote(recording_id, safe='')}"))

    async def export_recording(self, recording_id: str, to: Path) -> int:
        """See `Backend`."""
        path = f"/api/v1/recordings/{quote(recording_id, safe='')}/audio"
        try:
            # The file first: an answer that is not read to its end would have to be cut off.
            with new_file(to) as file:
                async with self._http.get(path) as response:
                    if not response.ok:
                        raise _refused(response.status, await response.text())
                    return sum([file.write(part) async for part in response.content.iter_chunked(CHUNK)])
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"The server does not answer: {error or type(error).__name__}.") from error

    async def remove_recording(self, recording_id: str) -> None:
        """See `Backend`."""
        await self._ask("DELETE", f"recordings/{quote(recording_id, safe='')}")

    async def reset_administrator(self, password: str | None) -> AdministratorPassword:
        """See `Backend`."""
        wanted = AdministratorPasswordReset(password=password)
        return AdministratorPassword.model_validate(
            await self._ask("POST", "auth/administrator-password", wanted)
        )

    async def objects(self, kind: Kind) -> list[ConfigObject]:
        """See `Backend`."""
        return [kind.model.model_validate(item) for item in await self._ask("GET", kind.path)]

    async def object(self, kind: Kind, key: str) -> ConfigObject:
        """See `Backend`."""
        return kind.model.model_validate(await self._ask("GET", _address(kind, key)))

    async def put_object(self, kind: Kind, item: ConfigObject) -> ConfigObject:
        """See `Backend`."""
        return kind.model.model_validate(await self._ask("PUT", _address(kind, item.key), item))

    async def remove_object(self, kind: Kind, key: str) -> None:
        """See `Backend`."""
        await self._ask("DELETE", _address(kind, key))

    async def queue_setup(self) -> QueueSetup:
        """See `Backend`."""
        return QueueSetup.model_validate(await self._ask("GET", "queue-setup"))

    async def import_queues(self, setup: QueueSetup, *, dry_run: bool) -> QueueSetupChanges:
        """See `Backend`."""
        query = {"dry_run": str(dry_run).lower()}
        answer = await self._ask("PUT", "queue-setup", setup, query=query)
        return QueueSetupChanges.model_validate(answer)

    async def explain_route(self, query: RouteQuery) -> RouteExplanation:
        """See `Backend`."""
        asked = query.model_dump(mode="json", exclude_defaults=True)
        names = {"from" if name == "extension" else name: str(value) for name, value in asked.items()}
        return RouteExplanation.model_validate(await self._ask("GET", "route/explain", query=names))

    async def _ask(
        self,
        method: str,
        path: str,
        body: BaseModel | bytes | None = None,
        *,
        query: dict[str, str] | None = None,
    ) -> Any:
        """The answer, as JSON or, of another type, as it came. `body`: a model, or a file's content."""
        if isinstance(body, BaseModel):
            sent: dict[str, Any] = {"json": body.model_dump(mode="json", exclude_unset=True)}
        else:
            # As a file: the HTTP library sends one piece by piece.
            sent = {"data": BytesIO(body) if body is not None else None}
        try:
            async with self._http.request(method, f"/api/v1/{path}", params=query, **sent) as response:
                if response.ok:
                    if response.status == 204:
                        return None
                    is_json = response.content_type == "application/json"
                    return await (response.json() if is_json else response.read())
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreachable(f"The server does not answer: {error or type(error).__name__}.") from error
        raise _refused(response.status, text)


@asynccontextmanager
async def server(settings: Settings) -> AsyncIterator[Remote]:
    """The running server, authorised by the token file; only our own certificate is accepted.

    Raises:
        Unreachable: none runs.
        VaultError: this user may not read the token file.
    """
    running = read_running(settings.data)
    if running is None or not _is_locked(settings):
        raise Unreachable(
            f"No server runs in {settings.data}: start it with `linkus-pbx serve --data {settings.data}`."
        )
    token_file = settings.data / CLI_TOKEN_NAME
    pinned = aiohttp.Fingerprint(
        x509.load_pem_x509_certificate(settings.certificate.read_bytes()).fingerprint(hashes.SHA256())
    )
    async with aiohttp.ClientSession(
        _url(running),
        connector=aiohttp.TCPConnector(ssl=pinned),
        headers={"Authorization": f"Bearer {read_secret(token_file)}"},
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    ) as http:
        yield Remote(http)


def _refused(status: int, text: str) -> Exception:
    """What an answer above 400 says."""
    try:
        problem = ErrorBody.model_validate_json(text)
    except ValidationError:
        return Unreachable(f"The server answered {status} without saying why.")
    return ServiceError(problem.code, problem.message, fields=problem.fields)


def _address(kind: Kind, key: str) -> str:
    return kind.path if kind.single else f"{kind.path}/{quote(key, safe='')}"


def _mailbox(box: str) -> str:
    return f"voicemail/{quote(box, safe='')}"


def _mail_of(number: str) -> str:
    return f"extensions/{quote(number, safe='')}/mail"


def _keys_of(number: str) -> str:
    return f"extensions/{quote(number, safe='')}/keys"


def _presence_of(number: str) -> str:
    return f"extensions/{quote(number, safe='')}/presence"


def _is_locked(settings: Settings) -> bool:
    try:
        with locked(settings.data):
            return False
    except DataFolderBusy:
        return True


def _url(running: RunningServer) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(running.http_host, running.http_host)
    return f"https://[{host}]:{running.http_port}" if ":" in host else f"https://{host}:{running.http_port}"
