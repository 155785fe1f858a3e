"""Mails about queues: to managers of lost callers, to agents who were paused."""

from datetime import timedelta
from typing import Any

import pytest

from server.contract.agents import QueueCall, QueueEnd
from server.contract.extensions import ExtensionChange, ExtensionCreate
from server.contract.mail import MailKind, MailLanguage, MailSettings, MailState
from server.contract.queues import Queue
from server.contract.routing import SystemSettings
from server.core import Core
from server.db.models import MailRow
from server.services.mail_letters import Style, Text, write
from server.services.queue_notices import QueueNotices
from server.services.queue_store import Changes, Paused, QueueStore

MANAGERS = {"1001": "anna@example.org", "1004": "dana@example.org", "1005": None}


@pytest.fixture
async def store(core: Core) -> QueueStore:
    for number, email in (MANAGERS | {"1002": "boris@example.org", "1003": None}).items():
        await core.extensions.add(ExtensionCreate(number=number, email=email), by="test")
    await core.configuration.put(SystemSettings(time_zone="Europe/Prague"), by="test")
    await core.configuration.put(MailSettings(host="mail.example", sender="pbx@example.com"), by="test")
    await settle(core)
    return QueueStore(core.db, QueueNotices(outbox=core.outbox, configuration=core.configuration).add)


async def settle(core: Core, **more: Any) -> None:
    given = {"notify_missed": True, "notify_abandoned": True, "managers": [*MANAGERS], "name": "Sales"}
    queue = Queue.model_validate(
        {"number": "6400", "static_agents": [{"extension": "1002"}], **given, **more}
    )
    await core.configuration.put(queue, by="test")


def call(core: Core, end: QueueEnd, *, number: str = "+420530335533", **more: Any) -> QueueCall:
    now = core.clock.now()
    facts = {
        "call": "c1", "queue": "6400", "number": number, "name": "Cyril", "end": end,
        "joined": now - timedelta(seconds=65), "left": now,
    }  # fmt: skip
    return QueueCall.model_validate(facts | more)


async def texts(core: Core) -> dict[str, Text]:
    """What waits, by recipient; the last one of each."""
    style = Style("Head office", MailLanguage.ENGLISH, core.configuration.snapshot.zone)
    found: dict[str, Text] = {}
    for mail in reversed(await core.outbox.list(state=MailState.WAITING)):
        async with core.db.reading() as session:
            row = await session.get(MailRow, mail.id)
            assert row is not None
        found[mail.recipient] = write(mail.kind, core.outbox._open_facts(row), style)
    return found


async def test_managers_with_an_address_are_told_of_a_lost_caller_Q_6(core: Core, store: QueueStore) -> None:
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED, missed=["1002", "1002"])]))
    told = await texts(core)
    assert set(told) == {"anna@example.org", "dana@example.org"}
    mail = told["anna@example.org"]
    assert mail.subject == "Queue Sales 6400: 1 lost"
    line = "2026-03-02 09:58:55 CET  Cyril +420530335533, waited 1:05: abandoned, the caller hung up"
    assert line in mail.body
    assert "rung in vain: 1002\n" in mail.body


@pytest.mark.parametrize("end", list(QueueEnd))
@pytest.mark.parametrize(("missed", "abandoned"), [(True, False), (False, True), (False, False)])
async def test_each_kind_of_notice_is_switched_for_itself_Q_6(
    core: Core, store: QueueStore, end: QueueEnd, missed: bool, abandoned: bool
) -> None:
    await settle(core, notify_missed=missed, notify_abandoned=abandoned)
    await store.save(Changes(calls=[call(core, end)]))
    expected = {QueueEnd.FAILED_OVER: missed, QueueEnd.ABANDONED: abandoned}.get(end, False)
    assert bool(await texts(core)) is expected


async def test_a_storm_of_lost_calls_is_one_mail_a_minute_Q_6(core: Core, store: QueueStore) -> None:
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED, number=f"10{n:02}") for n in range(20)]))
    await store.save(Changes(calls=[call(core, QueueEnd.FAILED_OVER, number="2000")]))
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED, number=f"3{n:03}") for n in range(200)]))
    assert len(await core.outbox.list()) == 2
    mail = (await texts(core))["dana@example.org"]
    assert mail.subject == "Queue Sales 6400: 221 lost"
    assert "Cyril 1019" in mail.body
    assert "Cyril 2000, waited 1:05: missed, nobody answered in time" in mail.body
    assert "... and 121 more." in mail.body
    due = await core.outbox.take_due()
    assert due is not None
    await core.outbox.sent(due.id)
    core.clock.advance(20)
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED)]))
    (later,) = (m for m in await core.outbox.list() if m.recipient == due.recipient and m.id != due.id)
    assert later.next_at == core.clock.now() + timedelta(seconds=40)


async def test_queues_are_told_of_apart_Q_6(core: Core, store: QueueStore) -> None:
    await settle(core, number="6401", name="Service", managers=["1001"])
    await store.save(
        Changes(calls=[call(core, QueueEnd.ABANDONED), call(core, QueueEnd.ABANDONED, queue="6401")])
    )
    subjects = [mail.recipient for mail in await core.outbox.list()]
    assert sorted(subjects) == ["anna@example.org", "anna@example.org", "dana@example.org"]


async def test_an_agent_who_was_paused_is_told_so_Q_4(core: Core, store: QueueStore) -> None:
    for extension in ("1002", "1003", "1099"):  # with an address, without, and gone
        await store.save(Changes(paused=[Paused("6400", extension, 3, core.clock.now())]))
    (mail,) = (await texts(core)).items()
    assert (mail[0], mail[1].subject) == ("boris@example.org", "You are paused in queue Sales 6400")
    assert "at 2026-03-02 10:00:00 CET, since 3 calls in a row" in mail[1].body
    assert (await core.outbox.list())[0].kind is MailKind.AUTO_PAUSED


async def test_nobody_is_told_who_is_disabled_or_where_no_mail_server_is(
    core: Core, store: QueueStore
) -> None:
    await core.extensions.change("1004", ExtensionChange(enabled=False), by="test")
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED)]))
    assert set(await texts(core)) == {"anna@example.org"}
    await core.configuration.put(MailSettings(), by="test")
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED)]))
    assert len(await core.outbox.list()) == 1


async def test_a_caller_with_a_hostile_name_stays_on_the_own_line_Q_6(core: Core, store: QueueStore) -> None:
    evil = "Eve\r\nTo: victim@example.org\r\n\r\n{queue} %s"
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED, name=evil, number="")]))
    mail = (await texts(core))["anna@example.org"]
    assert "CET  Eve To: victim@example.org {queue} %s, waited" in mail.body
    await settle(core, name="Sales {count}")
    core.clock.advance(3600)
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED, name="", number="")]))
    assert "unknown number, waited" in (await texts(core))["anna@example.org"].body


async def test_the_log_is_written_even_if_no_mail_can_be(core: Core, store: QueueStore) -> None:
    """The key file was replaced, say: facts of a digest cannot be read any more."""
    await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED)]))
    async with core.db.session() as session:
        for mail in await core.outbox.list():
            row = await session.get(MailRow, mail.id)
            assert row is not None
            row.facts = b"of another key"
    assert len(await store.save(Changes(calls=[call(core, QueueEnd.ABANDONED)]))) == 1
