"""Which mails one gets; and for administrators the outbox, and a mail to try the settings with.

The settings of the mail server are a kind of the configuration (`MailSettings`).
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from server.api.deps import Address, Administrator, CurrentUser, ServicesDep
from server.api.extensions import Number
from server.api.presence import OwnNumber
from server.contract.mail import MailPreferences, MailState, MailTest, MailTested, QueuedMail

router = APIRouter(prefix="/mail", tags=["mail"])
own = APIRouter(prefix="/me/mail", tags=["me"])
of_extensions = APIRouter(prefix="/extensions/{number}/mail", tags=["extensions"])

MailId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post("/test")
async def test_mail(
    request: MailTest, who: Administrator, services: ServicesDep, address: Address
) -> MailTested:
    """Send a mail at once, and tell whether the mail server has taken it."""
    return await services.mail.test(request, by=who.user, address=address)


@router.get("/queue")
async def list_mails(
    _: Administrator,
    services: ServicesDep,
    state: Annotated[MailState | None, Query(description="Only those in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[QueuedMail]:
    """Mails of the outbox, the newest first; what stands in them is not shown."""
    return await services.mail.outbox.list(state=state, limit=limit)


@router.post("/queue/{mail_id}/retry")
async def retry_mail(
    mail_id: MailId, who: Administrator, services: ServicesDep, address: Address
) -> QueuedMail:
    """Try a mail at once that waits or has failed."""
    return await services.mail.outbox.retry(mail_id, by=who.user, address=address)


@router.delete("/queue/{mail_id}", status_code=204)
async def cancel_mail(mail_id: MailId, who: Administrator, services: ServicesDep, address: Address) -> None:
    """Remove a mail that is not sent."""
    await services.mail.outbox.cancel(mail_id, by=who.user, address=address)


@own.get("")
async def own_preferences(number: OwnNumber, services: ServicesDep) -> MailPreferences:
    """Which mails the own extension gets."""
    return await services.personal_mail.get(number)


@own.put("")
async def change_own_preferences(
    preferences: MailPreferences, number: OwnNumber, who: CurrentUser, services: ServicesDep, address: Address
) -> MailPreferences:
    """Replace that; what is left out gets its default."""
    return await services.personal_mail.change(number, preferences, by=who.user, address=address)


@of_extensions.get("")
async def preferences_of(number: Number, _: Administrator, services: ServicesDep) -> MailPreferences:
    """Which mails an extension gets."""
    return await services.personal_mail.get(number)


@of_extensions.put("")
async def change_preferences_of(
    number: Number,
    preferences: MailPreferences,
    who: Administrator,
    services: ServicesDep,
    address: Address,
) -> MailPreferences:
    """Replace that; what is left out gets its default."""
    return await services.personal_mail.change(number, preferences, by=who.user, address=address)
