"""What routers may reach, and who is asking."""

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.db.base import Database
from server.flows.calls import Calls
from server.flows.control import CallControl
from server.flows.own_calls import OwnCalls
from server.flows.recording import Recorder
from server.flows.voicemail import Mailboxes
from server.services.accounts import LOCAL_SESSION, Who
from server.services.administrator import AdministratorReset
from server.services.agents import Agents
from server.services.audit import Audit
from server.services.auth import Auth
from server.services.call_log import CallLog
from server.services.configuration import Configuration
from server.services.directory import Directory
from server.services.errors import AuthError
from server.services.extensions import Extensions
from server.services.extensions_avatars import Avatars
from server.services.hub import Hub
from server.services.keys import Keys
from server.services.languages import Languages
from server.services.login_links import LoginLinkMaker
from server.services.mail import Mail
from server.services.mail_preferences import PersonalMail
from server.services.pairs import Pairs
from server.services.presence import PresenceService
from server.services.prompts import Prompts
from server.services.provisioning import Provisioning
from server.services.queue_boards import QueueBoards
from server.services.queue_log import QueueLog
from server.services.queue_reports import QueueReports
from server.services.queues import Queues
from server.services.reaching import Reaching
from server.services.readiness import ReadinessService
from server.services.recordings import Recordings
from server.services.ring_tones import RingToneStore
from server.services.routing import Routing
from server.services.sip_guard import SipGuard
from server.services.states import States
from server.services.trunks import Trunks
from server.services.voicemail import Voicemail
from server.settings import Settings
from server.switch.port import Switch


@dataclass
class Services:
    """Everything a router may use, at `request.state.services`."""

    settings: Settings
    clock: Clock
    started_at: datetime
    db: Database
    switch: Switch
    hub: Hub
    directory: Directory
    extensions: Extensions
    configuration: Configuration
    routing: Routing
    provisioning: Provisioning
    prompts: Prompts
    languages: Languages
    ring_tones: RingToneStore
    avatars: Avatars
    auth: Auth
    administrator: AdministratorReset
    audit: Audit
    presence: PresenceService
    reaching: Reaching
    keys: Keys
    voicemail: Voicemail
    states: States
    call_log: CallLog
    guard: SipGuard
    calls: Calls
    control: CallControl
    own_calls: OwnCalls
    mailboxes: Mailboxes
    recorder: Recorder
    recordings: Recordings
    pairs: Pairs
    queues: Queues
    agents: Agents
    queue_reports: QueueReports
    queue_log: QueueLog
    queue_boards: QueueBoards
    trunks: Trunks
    mail: Mail
    personal_mail: PersonalMail
    login_links: LoginLinkMaker
    readiness: ReadinessService


def services_of(connection: HTTPConnection) -> Services:
    """The services of the application that serves this request or WebSocket."""
    services: Services = connection.state.services
    return services


class _Bearer(SecurityBase):
    """The token of `Authorization: Bearer …`, of a request and of a WebSocket's handshake alike."""

    def __init__(self) -> None:
        self.model = HTTPBearerModel(description="The access token that a login or a refresh returned.")
        self.scheme_name = "session"

    async def __call__(self, connection: HTTPConnection) -> str:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AuthError(ErrorCode.UNAUTHENTICATED, "This needs a login: send the access token as Bearer.")
        return token.strip()


def address_of(connection: HTTPConnection) -> str:
    """The IP address the request came from."""
    return connection.client.host if connection.client else ""


async def _current_user(connection: HTTPConnection, token: Annotated[str, Depends(_Bearer())]) -> Who:
    who = await services_of(connection).auth.authenticate(token)
    if who.session_id == LOCAL_SESSION and not _from_here(connection):
        raise AuthError(
            ErrorCode.UNAUTHENTICATED, "The token of the command line is for the server's own machine only."
        )
    return who


def _from_here(connection: HTTPConnection) -> bool:
    """Whether the request comes from this machine: from loopback, or from the address it was sent to."""
    address = address_of(connection)
    server = connection.scope.get("server")
    try:
        return ipaddress.ip_address(address).is_loopback or bool(server and server[0] == address)
    except ValueError:
        return False


async def _administrator(who: Annotated[Who, Depends(_current_user)]) -> Who:
    if not who.is_administrator:
        raise AuthError(ErrorCode.FORBIDDEN, "Only an administrator may do this.")
    return who


ServicesDep = Annotated[Services, Depends(services_of)]
"""The services, as a parameter of an endpoint."""

Address = Annotated[str, Depends(address_of)]
"""The caller's IP address, as a parameter of an endpoint."""

CurrentUser = Annotated[Who, Depends(_current_user)]
"""Whoever is logged in; 401 for anybody else."""

Administrator = Annotated[Who, Depends(_administrator)]
"""A logged-in administrator; 401 or 403 for anybody else."""
