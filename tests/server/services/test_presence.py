"""PRES-1, PRES-2, PRES-5: presence in memory and in the database, for good and for a while."""

import asyncio

from sqlalchemy import select

from server.contract.extensions import ExtensionCreate
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import ReachingSettings, SettingsByStatus, StatusSettings
from server.db.models.calls import PresenceRow
from server.services.directory import Directory
from server.services.presence import PresenceService


async def service(core, clock) -> PresenceService:
    directory = Directory(extensions=core.extensions)
    await directory.start()
    presence = PresenceService(
        db=core.db, clock=clock, directory=directory, reaching=core.reaching, audit=core.audit
    )
    await presence.start()
    return presence


async def test_a_choice_is_told_stored_and_kept_over_a_restart_PRES_1(core, clock):
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    presence = await service(core, clock)
    told = []
    presence.observe(told.append)
    assert presence.of("1001").status is PresenceStatus.AVAILABLE
    assert presence.accepts_direct_calls("1001")
    await presence.change("1001", PresenceChange(status=PresenceStatus.DO_NOT_DISTURB, note="exam"))
    clock.advance(60)
    await presence.change("1002", PresenceChange(status=PresenceStatus.AWAY))
    assert told == ["1001", "1002"]
    assert not presence.accepts_direct_calls("1001")
    await presence.stop()
    again = await service(core, clock)
    assert again.of("1001") == presence.of("1001")
    assert again.of("1001").note == "exam"
    assert (again.of("1002").since - again.of("1001").since).total_seconds() == 60
    await again.stop()


async def test_a_number_that_is_given_again_does_not_inherit_presence(core, clock):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    presence = await service(core, clock)
    await presence.change("1001", PresenceChange(status=PresenceStatus.OFF_WORK, note="until May"))
    await core.extensions.remove("1001", by="test")
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    assert presence.of("1001").note == ""
    await presence.stop()
    again = await service(core, clock)
    assert again.of("1001").note == ""
    await again.stop()


async def test_what_a_removed_extension_left_is_forgotten_at_the_start(core, clock):
    async with core.db.session() as session:
        session.add(PresenceRow(number="1001", status="away", note="old", since=clock.now()))
    presence = await service(core, clock)
    async with core.db.reading() as session:
        assert list(await session.scalars(select(PresenceRow))) == []
    assert presence.of("1001").note == ""
    await presence.stop()


AWAY, LUNCH, TRIP = PresenceStatus.AWAY, PresenceStatus.LUNCH_BREAK, PresenceStatus.BUSINESS_TRIP


async def test_a_temporary_status_ends_by_itself_and_colleagues_are_told_PRES_5(core, clock):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    presence = await service(core, clock)
    await presence.change("1001", PresenceChange(status=AWAY, note="at the desk at noon"))
    chosen = await presence.change("1001", PresenceChange(status=LUNCH, note="soup", for_minutes=90))
    assert (chosen.until - chosen.since).total_seconds() == 90 * 60
    await presence.stop()
    clock.advance(90 * 60 - 0.01)
    again = await service(core, clock)
    assert again.of("1001") == chosen, "not yet, also after a restart"
    told = asyncio.Event()
    again.observe(lambda _: told.set())
    clock.advance(0.01)
    await told.wait()
    back = again.of("1001")
    assert (back.status, back.note, back.since, back.until) == (
        AWAY,
        "at the desk at noon",
        chosen.until,
        None,
    )
    await again.stop()
    kept = await service(core, clock)
    assert kept.of("1001") == back
    await kept.stop()


async def test_a_temporary_status_that_expired_while_no_server_ran_is_over_PRES_5(core, clock):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    presence = await service(core, clock)
    chosen = await presence.change("1001", PresenceChange(status=TRIP, for_minutes=1))
    await presence.stop()
    clock.advance(3600)
    again = await service(core, clock)
    assert again.of("1001").status is PresenceStatus.AVAILABLE
    assert again.of("1001").since == chosen.until
    assert again.ended_meanwhile == {"1001"}, "for those who must know and were not there yet"
    await again.stop()
    async with core.db.reading() as session:
        row = await session.get(PresenceRow, "1001")
        assert (row.status, row.until, row.previous_status) == ("available", None, None)


async def test_one_temporary_status_after_another_goes_back_to_the_one_before_both_PRES_5(core, clock):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    presence = await service(core, clock)
    await presence.change("1001", PresenceChange(status=AWAY, note="out"))
    await presence.change("1001", PresenceChange(status=LUNCH, for_minutes=30))
    await presence.change("1001", PresenceChange(status=TRIP, for_minutes=60))
    await presence.stop()
    clock.advance(60 * 60)
    again = await service(core, clock)
    assert (again.of("1001").status, again.of("1001").note) == (AWAY, "out")
    await again.stop()


async def test_a_status_chosen_for_good_ends_a_temporary_one_PRES_5(core, clock):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    presence = await service(core, clock)
    await presence.change("1001", PresenceChange(status=LUNCH, for_minutes=30))
    await presence.change("1001", PresenceChange(status=TRIP))
    await presence.stop()
    clock.advance(3600)
    again = await service(core, clock)
    assert again.of("1001").status is TRIP
    await again.stop()


async def test_a_status_brings_the_note_of_its_settings_unless_another_is_given_PRES_2(core, clock):
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    await core.reaching.change(
        "1001",
        ReachingSettings(statuses=SettingsByStatus(away=StatusSettings(note="Back soon"))),
        by="test",
    )
    presence = await service(core, clock)
    assert (await presence.change("1001", PresenceChange(status=AWAY))).note == "Back soon"
    assert (await presence.change("1001", PresenceChange(status=AWAY, note=""))).note == ""
    assert (await presence.change("1001", PresenceChange(status=LUNCH))).note == ""
    await presence.stop()
