"""The part of the composition that needs no switch: what the command line uses while no server runs."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import inspect, select
from sqlalchemy.exc import DBAPIError

from server import data_folder
from server.clock import Clock
from server.contract.extensions import Extension, Role
from server.contract.keys import CHANGE_KEYS, KeyRight
from server.contract.mail import MailSettings
from server.contract.recording import RecordingRight
from server.contract.routing import EmergencyNumber
from server.data_folder import DataFolderError
from server.db.base import Database
from server.db.migrate import upgrade
from server.db.models import AccountRow
from server.rules.keys import may_change_keys
from server.rules.recording import permissions_of
from server.services import certificate
from server.services.accounts import ADMINISTRATOR
from server.services.administrator import AdministratorReset
from server.services.audit import Audit
from server.services.auth import Auth
from server.services.configuration import Configuration
from server.services.emergencies import Emergencies, EmergencyStore
from server.services.errors import conflict
from server.services.extensions import Extensions
from server.services.extensions_avatars import Avatars
from server.services.keys import Keys
from server.services.languages import Languages
from server.services.login_links import LoginLinkMaker
from server.services.mail_outbox import Outbox
from server.services.mail_preferences import PersonalMail
from server.services.passwords import Passwords, check_strength
from server.services.prompts import Prompts
from server.services.reaching import Reaching
from server.services.ring_tones import RingToneStore
from server.services.routing import Routing
from server.services.sessions import Sessions
from server.services.throttle import Throttle
from server.services.vault import (
    CLI_TOKEN_NAME,
    KEY_NAME,
    Vault,
    make_keys,
    new_password,
    read_secret,
)
from server.services.voicemail import Voicemail
from server.services.voicemail_files import VoicemailFiles
from server.settings import Settings

PROMPTS_NAME = "prompts"
"""Folder of the prompts, in the data folder."""
LANGUAGES_NAME = "languages"
"""Folder of the sound packages of other languages, there, too."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Core:
    """Accounts, extensions, configuration and their surroundings, on an open database."""

    settings: Settings
    clock: Clock
    db: Database
    audit: Audit
    sessions: Sessions
    configuration: Configuration
    extensions: Extensions
    emergencies: Emergencies
    routing: Routing
    prompts: Prompts
    languages: Languages
    ring_tones: RingToneStore
    avatars: Avatars
    reaching: Reaching
    keys: Keys
    voicemail: Voicemail
    outbox: Outbox
    login_links: LoginLinkMaker
    personal_mail: PersonalMail
    auth: Auth
    administrator: AdministratorReset

    async def start_sounds(self, stack: AsyncExitStack) -> None:
        """What is heard is there from now on, until the stack is left."""
        for sounds in (self.prompts, self.ring_tones):
            await sounds.start()
            stack.push_async_callback(sounds.stop)
        await self.languages.start()


@asynccontextmanager
async def open_core(settings: Settings, clock: Clock) -> AsyncIterator[Core]:
    """Open an initialised data folder; the caller holds its lock. Missing migrations are run.

    Raises:
        DataFolderError: it is not initialised.
        VaultError: a key file cannot be used.
    """
    if not (settings.data / KEY_NAME).exists():
        raise DataFolderError(
            f"The data folder {settings.data} is not initialised: "
            f"run `linkus-pbx init --data {settings.data}` first."
        )
    vault = Vault.open(settings.data)
    local_token = read_secret(settings.data / CLI_TOKEN_NAME)
    passwords = Passwords(settings.auth.argon2)
    db = Database(settings.database_url)
    try:
        try:
            await upgrade(db)
        except DBAPIError as error:
            raise _unusable(db, settings, error) from error
        if not await _has_administrator(db):
            raise DataFolderError(f"`linkus-pbx init` was not finished in {settings.data}: run it again.")
        audit = Audit(db=db, clock=clock)
        sessions = Sessions(db=db, clock=clock, audit=audit, settings=settings.auth)
        throttle = Throttle(clock=clock, settings=settings.auth)
        configuration = Configuration(db=db, clock=clock, vault=vault, audit=audit)
        await configuration.load()
        emergencies = Emergencies(store=EmergencyStore(db), clock=clock)
        await emergencies.load()
        outbox = Outbox(
            db=db,
            clock=clock,
            vault=vault,
            audit=audit,
            settings=lambda: configuration.get(MailSettings, MailSettings().key),
        )
        personal_mail = PersonalMail(db=db, clock=clock, audit=audit, outbox=outbox)
        extensions = Extensions(
            db=db,
            clock=clock,
            vault=vault,
            passwords=passwords,
            sessions=sessions,
            throttle=throttle,
            audit=audit,
            plan=configuration,
            personal_mail=personal_mail,
        )
        yield Core(
            settings=settings,
            clock=clock,
            db=db,
            audit=audit,
            sessions=sessions,
            configuration=configuration,
            extensions=extensions,
            emergencies=emergencies,
            routing=Routing(
                configuration=configuration,
                extensions=extensions,
                clock=clock,
                emergencies=emergencies.recent,
            ),
            prompts=Prompts(
                db=db,
                clock=clock,
                audit=audit,
                configuration=configuration,
                folder=settings.data / PROMPTS_NAME,
            ),
            languages=Languages(db=db, clock=clock, audit=audit, folder=settings.data / LANGUAGES_NAME),
            ring_tones=RingToneStore(db=db, clock=clock, audit=audit, configuration=configuration),
            avatars=Avatars(db=db, clock=clock, audit=audit, extensions=extensions),
            reaching=Reaching(
                db=db,
                clock=clock,
                audit=audit,
                extensions=extensions,
                ring_timeout_s=settings.calls.ring_timeout_s,
                snapshot=lambda: configuration.snapshot,
            ),
            keys=Keys(
                db=db,
                clock=clock,
                audit=audit,
                extensions=extensions,
                snapshot=lambda: configuration.snapshot,
            ),
            voicemail=Voicemail(
                db=db,
                clock=clock,
                audit=audit,
                passwords=passwords,
                throttle=throttle,
                extensions=extensions,
                configuration=configuration,
                files=VoicemailFiles(settings.data / "voicemail", spool=settings.spool),
            ),
            outbox=outbox,
            login_links=LoginLinkMaker(
                db=db,
                clock=clock,
                audit=audit,
                outbox=outbox,
                settings=lambda: configuration.get(MailSettings, MailSettings().key),
                fingerprint=lambda: certificate.info(settings.certificate).fingerprint,
            ),
            personal_mail=personal_mail,
            auth=Auth(
                db=db,
                clock=clock,
                vault=vault,
                passwords=passwords,
                sessions=sessions,
                throttle=throttle,
                audit=audit,
                settings=settings,
                local_token=local_token,
                feature_codes=lambda: configuration.snapshot.codes,
                permissions=lambda extension: _permissions(configuration, extension),
                emergency_numbers=lambda: configuration.snapshot.all(EmergencyNumber),
                personal_mail=personal_mail,
            ),
            administrator=AdministratorReset(
                db=db, passwords=passwords, sessions=sessions, throttle=throttle, audit=audit
            ),
        )
    finally:
        await db.aclose()
        passwords.close()


async def initialise(settings: Settings, clock: Clock, *, password: str | None = None) -> str | None:
    """Make the data folder: keys, certificate, database, administrator; each only if it is not there.

    The administrator comes last: until then this can be repeated. Returns the administrator's password if
    it was made here (`password` None).

    Raises:
        ServiceError: `CONFLICT`: it is initialised already, and nothing was changed; `WEAK_PASSWORD`.
        DataFolderError: the folder or the database cannot be used, or a server is using it.
    """
    if password is not None:
        check_strength(password, names=(ADMINISTRATOR,))
    data_folder.make(settings.data)
    with data_folder.locked(settings.data):
        db = Database(settings.database_url)
        passwords = Passwords(settings.auth.argon2)
        try:
            if await _has_administrator(db):
                raise conflict(
                    f"The data folder {settings.data} is initialised already; nothing was changed."
                )
            make_keys(settings.data)
            if not (settings.certificate.exists() and settings.key.exists()):
                settings.certificate.parent.mkdir(mode=0o700, exist_ok=True)
                certificate.make(
                    settings.certificate, settings.key, hosts=certificate.local_hosts(), now=clock.now()
                )
            await upgrade(db)
            made = new_password() if password is None else None
            hashed = await passwords.hash(password or made or "")
            async with db.session() as session:
                session.add(
                    AccountRow(
                        user=ADMINISTRATOR,
                        role=Role.ADMINISTRATOR,
                        password_hash=hashed,
                        created_at=clock.now(),
                    )
                )
                Audit(db=db, clock=clock).record(session, "init", actor="local", subject=settings.name)
        except DBAPIError as error:
            raise _unusable(db, settings, error) from error
        finally:
            await db.aclose()
            passwords.close()
    return made


def _permissions(configuration: Configuration, extension: Extension) -> list[str]:
    snapshot = configuration.snapshot
    recording = permissions_of(snapshot.all(RecordingRight).values(), extension)
    words = [permission.word for permission in recording]
    if may_change_keys(snapshot.all(KeyRight).values(), extension):
        words.append(CHANGE_KEYS)
    return sorted(words)


def _unusable(db: Database, settings: Settings, error: DBAPIError) -> DataFolderError:
    text = f"The database {db.url.render_as_string()} cannot be used: {error.orig}"
    if db.is_sqlite and data_folder.is_full(settings.data):
        text += f". The disk of {settings.data} is full: make room, and repeat it."
    return DataFolderError(text)


async def _has_administrator(db: Database) -> bool:
    async with db.engine.connect() as connection:
        if not await connection.run_sync(lambda sync: inspect(sync).has_table(AccountRow.__tablename__)):
            return False
        found = await connection.scalar(select(AccountRow.id).where(AccountRow.user == ADMINISTRATOR))
    return found is not None
