"""Mailboxes: the one owner of their settings, messages and greetings (VM-1 to VM-6).

A row is written once the file of its sound is whole, and removed before it: what is listed can be heard.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.contract.events import Topic
from server.contract.extensions import Extension
from server.contract.presence import PresenceStatus
from server.contract.voicemail import (
    GroupMailbox,
    MailboxState,
    VoicemailSettings,
)
from server.db.base import Database
from server.db.models import MailboxRow, VoicemailGreetingRow, VoicemailMessageRow
from server.rules.group_mailboxes import may_change_members, members_of
from server.services.accounts import LOCAL, Who
from server.services.audit import Audit
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.errors import invalid
from server.services.extensions import ExtensionChanged, Extensions
from server.services.hub import Hub
from server.services.passwords import Passwords
from server.services.tasks import Background
from server.services.throttle import Throttle
from server.services.voicemail_files import VoicemailFiles
from server.services.voicemail_greetings import VoicemailGreetings
from server.services.voicemail_messages import VoicemailMessages
from server.services.voicemail_rows import mailbox_row, settings_of_row, stored_settings
from server.switch.port import Recorded

_SOUNDS = (VoicemailMessageRow, VoicemailGreetingRow)

_log = logging.getLogger(__name__)


class Voicemail:
    """Every mailbox. `by` is the login name of whoever asks and `address` the IP address, for the audit log.

    What a call needs to know at once (`takes_messages`, `greeting`, `settings_of`) is in memory from `start`
    on; all else needs no start.

    Attributes:
        messages: those of every mailbox.
        greetings: those of every mailbox.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        audit: Audit,
        passwords: Passwords,
        throttle: Throttle,
        extensions: Extensions,
        configuration: Configuration,
        files: VoicemailFiles,
    ) -> None:
        self._db = db
        self._clock = clock
        self._audit = audit
        self._passwords = passwords
        self._throttle = throttle
        self._extensions = extensions
        self._configuration = configuration
        self._files = files
        self.messages = VoicemailMessages(db=db, clock=clock, files=files, changed=self._publish)
        self.greetings = VoicemailGreetings(
            db=db, clock=clock, audit=audit, files=files, check=self.check, changed=self._known_is
        )
        self._hub: Hub | None = None
        self._names: dict[str, str] = {}
        self._known: dict[str, VoicemailSettings] = {}
        self._counting = asyncio.Lock()
        self._waiting: dict[str, MailboxState] = {}
        self._observers: list[Callable[[str], None]] = []
        self._background = Background("voicemail")
        self._stops: list[Callable[[], None]] = []

    async def start(self, hub: Hub) -> None:
        """Load all settings, remove what a killed server left, and publish topic `voicemail` from now on."""
        self._hub = hub
        hub.topic(Topic.VOICEMAIL, self._snapshot)
        self._stops = [
            self._extensions.observe(self._on_extension),
            self._configuration.observe(self._on_configuration),
        ]
        extensions = await self._extensions.list()
        for extension in extensions:
            self._remember(extension)
        async with self._db.reading() as session:
            loaded = {row.number: settings_of_row(row) for row in await session.scalars(select(MailboxRow))}
            sounds = [(await session.execute(select(t.id, t.box))).all() for t in _SOUNDS]
            with_messages = set(await session.scalars(select(VoicemailMessageRow.box).distinct()))
        self._known = loaded | self._known
        owners = {extension.number for extension in extensions}
        owners |= {group.number for group in self._configuration.list(GroupMailbox)}
        boxes = {*loaded, *(box for rows in sounds for _, box in rows)}
        for box in boxes - owners:  # removed while no server ran
            await self._empty(box)
        await self._files.sweep({row_id for rows in sounds for row_id, _ in rows})
        for box in with_messages:
            await self._count(box)

    async def stop(self) -> None:
        """Follow nothing any longer, and finish what is being removed."""
        for stop in self._stops:
            stop()
        self._stops = []
        await self._background.join()

    # Mailboxes

    def takes_messages(self, box: str) -> bool:
        """Whether there is this mailbox, of an enabled extension or of a group, and it is on."""
        return (box in self._names or self._group(box) is not None) and self.settings_of(box).enabled

    def settings_of(self, box: str) -> VoicemailSettings:
        """Its settings, from memory."""
        return self._known.get(box, VoicemailSettings())

    def greeting(self, box: str, status: PresenceStatus) -> Path | None:
        """The file of the personal greeting that is heard in this status; None: the built-in one."""
        found = self.settings_of(box).greeting_for(status)
        return self._files.path(found) if found is not None else None

    def is_group(self, box: str) -> bool:
        """Whether it is a group's mailbox."""
        return self._group(box) is not None

    def name(self, box: str) -> str:
        """Display name of the extension or group; "" if it has none."""
        group = self._group(box)
        return group.name if group is not None else self._names.get(box, "")

    def may_use(self, number: str, box: str) -> bool:
        """Whether this extension hears the messages: its own mailbox, or that of a group it is in."""
        return number in self.users_of(box)

    def users_of(self, box: str) -> tuple[str, ...]:
        """The extensions that hear the messages of a mailbox."""
        group = self._group(box)
        return members_of(group, self._configuration.snapshot) if group is not None else (box,)

    async def mailboxes(self, number: str) -> list[MailboxState]:
        """The state of the own mailbox and of those of the own groups, the own first."""
        known = self._configuration.list(GroupMailbox)
        groups = [group.number for group in known if self.may_use(number, group.number)]
        return [await self.state(box) for box in (number, *groups)]

    async def state(self, box: str) -> MailboxState:
        """How many messages wait in a mailbox."""
        query = (
            select(VoicemailMessageRow.heard, func.count())
            .where(VoicemailMessageRow.box == box)
            .group_by(VoicemailMessageRow.heard)
        )
        async with self._db.reading() as session:
            counts = {heard: count for heard, count in await session.execute(query)}  # noqa: C416
        return MailboxState(
            box=box,
            name=self.name(box),
            group=self.is_group(box),
            new=counts.get(False, 0),
            heard=counts.get(True, 0),
        )

    def waiting(self, box: str) -> tuple[int, int]:
        """How many messages wait, new ones and heard ones: as `state`, from memory."""
        state = self._waiting.get(box)
        return (state.new, state.heard) if state is not None else (0, 0)

    def observe(self, observer: Callable[[str], None]) -> Callable[[], None]:
        """Call `observer(box)` after each change of what `waiting` says. The returned function ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    async def check(self, box: str) -> None:
        """Raise `NOT_FOUND` unless there is this mailbox, be it of a disabled extension."""
        if not self.is_group(box):
            await self._extensions.get(box)

    # Settings

    async def get(self, box: str) -> VoicemailSettings:
        """Settings of a mailbox.

        Raises:
            ServiceError: `NOT_FOUND`.
        """
        await self.check(box)
        async with self._db.reading() as session:
            row = await session.get(MailboxRow, box)
            return settings_of_row(row) if row is not None else VoicemailSettings()

    async def change(
        self, box: str, settings: VoicemailSettings, *, by: str, address: str = ""
    ) -> VoicemailSettings:
        """Replace the settings; the next call follows them.

        Raises:
            ServiceError: `NOT_FOUND`; `INVALID`: a greeting that is not there.
        """
        await self.check(box)
        hashed = await self._passwords.hash(settings.pin) if settings.pin else None
        async with self._db.session() as session:
            greetings = set(
                await session.scalars(select(VoicemailGreetingRow.id).where(VoicemailGreetingRow.box == box))
            )
            _check_greetings(settings, greetings)
            row = await mailbox_row(session, box, self._clock)
            before = settings_of_row(row)
            row.settings = stored_settings(settings)
            row.changed_at = self._clock.now()
            if settings.pin is not None:
                row.pin_hash = hashed
            changed = settings_of_row(row)
            fields = [
                name for name in type(changed).model_fields if getattr(before, name) != getattr(changed, name)
            ]
            fields = sorted({*fields, "pin"} if settings.pin is not None else fields)
            self._audit.record(
                session, "voicemail.settings", actor=by, subject=box, address=address, fields=fields
            )
        self._known[box] = changed
        return changed

    async def change_pin(self, box: str, pin: str, *, by: str) -> None:
        """A new PIN, chosen by phone; raises as `change`."""
        settings = self.settings_of(box).model_copy(update={"pin": pin})
        await self.change(box, VoicemailSettings.model_validate(settings.model_dump()), by=by)

    async def check_pin(self, box: str, pin: str, *, caller: str) -> bool:
        """Whether this is the PIN of a mailbox; without one, nothing is. Wrong ones are counted (AUTH-6).

        Raises:
            AuthError: `LOCKED` or `RATE_LIMITED`: too many wrong ones.
        """
        async with self._db.session() as session:
            attempt = await self._throttle.begin(
                session, key=f"voicemail:{box}", address=f"extension {caller}"
            )
            row = await session.get(MailboxRow, box)
            hashed = row.pin_hash if row is not None else None
        right = await self._passwords.verify(hashed, pin)
        if right:
            async with self._db.session() as session:
                await self._throttle.succeeded(session, attempt)
        return right

    async def use_greeting(self, box: str, greeting_id: str, *, by: str) -> None:
        """Let callers hear this greeting, where none is chosen for the presence status."""
        settings = self.settings_of(box).model_copy(update={"greeting": greeting_id})
        await self.change(box, settings, by=by)

    async def discard(self, recorded: Recorded) -> None:
        """Remove a recording that is not to be kept."""
        await self._files.discard(recorded.path)

    async def discard_failed(self, name: str) -> None:
        """Remove what there may be of a recording with this name, which the engine could not finish."""
        await self._files.discard_failed(name)

    # Who sees what

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        if who.number is None:
            return {}
        return {state.box: state for state in await self.mailboxes(who.number)}

    async def _publish(self, box: str) -> None:
        if self._hub is None:
            return
        state = await self._count(box)
        for observer in tuple(self._observers):
            observer(box)
        for number in self.users_of(box):
            self._hub.publish(Topic.VOICEMAIL, box, state, to=number)

    async def _count(self, box: str) -> MailboxState:
        async with self._counting:  # an older count must not come after a newer one
            state = self._waiting[box] = await self.state(box)
        return state

    def _group(self, box: str) -> GroupMailbox | None:
        return self._configuration.snapshot.get(GroupMailbox, box)

    def _remember(self, extension: Extension) -> None:
        if extension.enabled:
            self._names[extension.number] = extension.display_name
        else:
            self._names.pop(extension.number, None)

    def _on_extension(self, change: ExtensionChanged) -> None:
        if change.extension is not None:
            self._remember(change.extension)
            return
        self._names.pop(change.number, None)
        self._forget(change.number)

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model is GroupMailbox and change.item is None:
            self._forget(change.key)
        known = self._configuration.list(GroupMailbox)
        if self._hub is not None and may_change_members(change.model, known):
            self._hub.renew(Topic.VOICEMAIL)

    def _known_is(self, box: str, settings: VoicemailSettings) -> None:
        self._known[box] = settings

    def _forget(self, box: str) -> None:
        """The mailbox is removed: whoever gets the number next must not hear what was in it."""
        self._known.pop(box, None)
        self._background.spawn(self._empty(box))

    async def _empty(self, box: str) -> None:
        try:
            await self.messages.delete(box, None)
            await self.greetings.delete(box, None, by=LOCAL.user)
            async with self._db.session() as session:
                await session.execute(delete(MailboxRow).where(MailboxRow.number == box))
            self._known.pop(box, None)
        except SQLAlchemyError as error:
            _log.warning("The mailbox of %s, which is removed, could not be emptied: %s", box, error)


def _check_greetings(settings: VoicemailSettings, there: set[str]) -> None:
    named = {"greeting": settings.greeting} | {
        f"greetings.{status}": greeting for status, greeting in settings.greetings.items()
    }
    for field, greeting in named.items():
        if greeting is not None and greeting not in there:
            raise invalid(field, f"there is no greeting {greeting} in this mailbox")
