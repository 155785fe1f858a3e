"""Sending the outbox: one mail after the other, each until the mail server has taken it or it has failed.

A mail is sent at least once. It is sent twice only if the server is killed after the mail server has taken it
and before that is written down; both have the same Message-ID then (RFC 5322, 3.6.4).
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.contract.errors import ErrorCode
from server.contract.mail import MailKind, MailSettings, MailTest, MailTested
from server.contract.system import Check
from server.services.audit import Audit
from server.services.configuration import Configuration, ConfigurationChanged
from server.services.errors import ServiceError, conflict
from server.services.mail_letters import Attachment, Style, letter, write
from server.services.mail_outbox import Outbox, Outgoing
from server.services.mail_smtp import Delivery, Fate, Transport
from server.services.vault import VaultError

RETRY_S = 60.0
"""Seconds until a mail, or a mail server, is tried again; each further time twice as long."""

RETRY_MAX_S = 3600.0

JITTER = 0.2
"""Part of that by which it is longer or shorter, so that not all come at once."""

LOOK_S = 60.0
"""Seconds after which the clock is looked at again, whatever it has said: it may have been set."""

DATABASE_S = 5.0
"""Seconds after which a database that cannot do it now is asked again."""

STOP_S = 10.0
"""Seconds that a mail which is being sent has when the server stops."""

ABORT_S = 2.0
"""Seconds until its end is noticed, once it was cut off."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a kind of mail has beside its text.

    Attributes:
        attachment: what goes along, from the mail's `follow_up`; None: nothing, or it is not there any more.
        after: what is done once the mail is sent, from its `follow_up`. It may be done twice.
    """

    attachment: Callable[[Mapping[str, Any]], Awaitable[Attachment | None]]
    after: Callable[[Mapping[str, Any]], Awaitable[None]]


class Mail:
    """The one who sends.

    Attributes:
        counts: since the start, by what became of each try (`Fate`).
        problem: why the mail server could not be used the last time; "": it could.
    """

    def __init__(
        self,
        *,
        outbox: Outbox,
        transport: Transport,
        configuration: Configuration,
        clock: Clock,
        audit: Audit,
        server_name: str,
        zone: Callable[[], tzinfo | None],
        seed: int | None = None,
    ) -> None:
        self.outbox = outbox
        self.counts: Counter[Fate] = Counter()
        self.problem = ""
        self.extras: dict[MailKind, Extra] = {}
        self._transport = transport
        self._configuration = configuration
        self._clock = clock
        self._audit = audit
        self._server_name = server_name
        self._zone = zone
        self._random = random.Random(seed)  # noqa: S311 - spreads tries, is no secret
        self._wake = asyncio.Event()
        self._stopping = False
        self._down_until: datetime | None = None
        self._server_tries = 0
        self._follows = True
        """Something may still follow from mails that are sent; at first, from those of an earlier server."""
        self._delivered: list[Outgoing] = []
        """Taken by the mail server, but not yet so in the database, which could not be written."""
        self._task: asyncio.Task[None] | None = None
        self._stops: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin to send."""
        self.outbox.tell(self._wake.set)
        self._stops = [self._configuration.observe(self._on_configuration)]
        self._task = asyncio.get_running_loop().create_task(self._work(), name="mail")

    async def stop(self) -> None:
        """Finish the mail in hand, if that does not take too long, and send no more."""
        for stop in self._stops:
            stop()
        self._stops = []
        self.outbox.tell(lambda: None)
        self._stopping = True
        self._wake.set()
        if self._task is None:
            return
        _, running = await asyncio.wait([self._task], timeout=STOP_S)
        if running:
            self._transport.abort()
            await asyncio.wait([self._task], timeout=ABORT_S)
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None

    @property
    def settings(self) -> MailSettings:
        """The mail server, as of now."""
        return self._configuration.get(MailSettings, MailSettings().key)

    def check(self) -> Check | None:
        """Whether mails go out, for `ready` and `status`; None while no mail server is set up."""
        if not self.settings.is_set_up:
            return None
        message = f"No mail is sent: {self.problem}." if self.problem else ""
        return Check(name="mail", ok=not message, message=message, for_calls=False)

    async def test(self, request: MailTest, *, by: str, address: str = "") -> MailTested:
        """Send a mail at once, past the outbox.

        Raises:
            ServiceError: `CONFLICT`: no mail server is set up; `UNAVAILABLE`: it has not taken the mail.
        """
        if not self.settings.is_set_up:
            raise conflict("No mail server is set up: give its host and a sender with `mail set` first.")
        now = self._clock.now()
        await self._audit.note("mail.test", actor=by, subject=request.to, address=address)
        message_id = f"<test-{now:%Y%m%d%H%M%S%f}@{self.settings.sender.rpartition('@')[2]}>"
        mail = Outgoing(
            id=0,
            kind=MailKind.TEST,
            recipient=request.to,
            message_id=message_id,
            facts={},
            follow_up=None,
            created_at=now,
            tries=0,
        )
        delivery = await self._deliver(mail)
        if delivery.fate is Fate.DELIVERED:
            self._server_works()
            self._wake.set()
            return MailTested(to=request.to, server=f"{self.settings.host}:{self.settings.port}")
        raise ServiceError(ErrorCode.UNAVAILABLE, f"The mail was not sent: {delivery.text}.")

    # The work

    async def _work(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                wait_s = await self._round()
            except SQLAlchemyError as error:
                _log.warning("The outbox cannot be read or written; again in %.0f s: %s", DATABASE_S, error)
                wait_s = DATABASE_S
            except Exception:  # noqa: BLE001 - whatever it is, other mails must go out
                _log.exception("Sending mails failed")
                wait_s = DATABASE_S
            if wait_s > 0 and not self._stopping:
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(wait_s, LOOK_S)):
                        await self._wake.wait()
        with suppress(SQLAlchemyError):
            await self._write_down()

    async def _round(self) -> float:
        """Do what is due first; seconds until something else may be."""
        await self._write_down()
        now, settings = self._clock.now(), self.settings
        for lost in await self.outbox.give_up(
            older_than=now - timedelta(hours=settings.give_up_hours),
            why=self.problem or "no mail server is set up",
        ):
            _log.error("Mail %s to %s was given up: %s", lost.message_id, lost.recipient, lost.error)
        if not settings.is_set_up:
            return LOOK_S
        if self._down_until is not None and now < self._down_until:
            return (self._down_until - now).total_seconds()
        mail = await self.outbox.take_due()
        if mail is None:
            due = await self.outbox.next_at()
            return max(0.0, (due - now).total_seconds()) if due is not None else LOOK_S
        await self._send(mail)
        return 0.0

    async def _write_down(self) -> None:
        """What was delivered is marked so before anything else is sent; then follows what follows from it."""
        while self._delivered:
            await self.outbox.sent(self._delivered[0].id)
            self._follows |= self._delivered.pop(0).follow_up is not None
        if not self._follows:
            return
        for mail in await self.outbox.to_follow_up():
            extra = self.extras.get(mail.kind)
            try:
                if extra is not None and mail.follow_up is not None:
                    await extra.after(mail.follow_up)
            except (ServiceError, OSError) as error:
                _log.warning("What follows from mail %s could not be done: %s", mail.message_id, error)
            except SQLAlchemyError:
                raise  # the database is away, and may be back
            except Exception:  # noqa: BLE001 - of this mail only: it must not hold up others
                _log.exception("What follows from mail %s could not be done", mail.message_id)
            await self.outbox.followed_up(mail.id)
        self._follows = False

    async def _send(self, mail: Outgoing) -> None:
        try:
            attachment = await self._attachment(mail)
            if mail.facts.get("attached") and attachment is None:
                mail = replace(mail, facts={**mail.facts, "gone": True})
            delivery = await self._deliver(mail, attachment)
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001 - of this mail only: it must not hold up others
            _log.exception("Mail %s cannot be written", mail.message_id)
            delivery = Delivery(Fate.REFUSED, f"it cannot be written: {error}")
        if self._stopping and delivery.fate in (Fate.NO_SERVER, Fate.LATER):
            self.outbox.put_back()  # it was cut off by us
            return
        self.counts[delivery.fate] += 1
        now = self._clock.now()
        if delivery.fate is not Fate.NO_SERVER:
            self._server_works()
        match delivery.fate:
            case Fate.DELIVERED:
                _log.info("Mail %s (%s) to %s was sent", mail.message_id, mail.kind, mail.recipient)
                self._delivered.append(mail)
                await self._write_down()
            case Fate.REFUSED:
                _log.error("Mail %s to %s has failed: %s", mail.message_id, mail.recipient, delivery.text)
                await self.outbox.failed(mail.id, delivery.text)
            case Fate.LATER:
                _log.warning("Mail %s to %s must wait: %s", mail.message_id, mail.recipient, delivery.text)
                await self.outbox.try_again(mail.id, now + self._pause(mail.tries), delivery.text)
            case Fate.NO_SERVER:
                self.outbox.put_back()
                self._server_fails(delivery.text, now)

    async def _attachment(self, mail: Outgoing) -> Attachment | None:
        extra = self.extras.get(mail.kind)
        if extra is None or mail.follow_up is None:
            return None
        return await extra.attachment(mail.follow_up)

    async def _deliver(self, mail: Outgoing, attachment: Attachment | None = None) -> Delivery:
        settings = self.settings
        try:
            password = self._configuration.secret(MailSettings, settings.key) or ""
        except VaultError as error:
            return Delivery(Fate.NO_SERVER, str(error))
        style = Style(server=self._server_name, language=settings.language, zone=self._zone() or UTC)
        content = letter(
            write(mail.kind, mail.facts, style),
            sender=settings.sender,
            sender_name=settings.sender_name or self._server_name,
            recipient=mail.recipient,
            message_id=mail.message_id,
            at=mail.created_at,
            attachment=attachment,
        )
        return await self._transport.deliver(settings, password, mail.recipient, content)

    # The mail server

    def _server_works(self) -> None:
        if self.problem:
            _log.info("The mail server works again")
        self.problem, self._down_until, self._server_tries = "", None, 0

    def _server_fails(self, why: str, now: datetime) -> None:
        level = logging.DEBUG if self.problem == why else logging.ERROR
        _log.log(level, "No mail is sent: %s", why)
        self.problem = why
        self._down_until = now + self._pause(self._server_tries)
        self._server_tries += 1

    def _pause(self, tries: int) -> timedelta:
        pause = min(RETRY_S * 2 ** min(tries, 10), RETRY_MAX_S)
        return timedelta(seconds=pause * self._random.uniform(1 - JITTER, 1 + JITTER))

    def _on_configuration(self, change: ConfigurationChanged) -> None:
        if change.model is MailSettings:  # another mail server, perhaps: it is tried at once
            self._down_until, self._server_tries, self.problem = None, 0, ""
            self._wake.set()
