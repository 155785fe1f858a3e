"""Ring tones that are uploaded (ADMIN-2, Q-5), on both databases."""

import pytest

from server.contract.errors import ErrorCode
from server.contract.queues import Queue, RingTone
from server.contract.ring_tones import UploadedRingTone
from server.core import Core, open_core
from server.services.errors import ServiceError
from tests.server.conftest import SettableClock
from tests.server.sounds import pitch_of, tone


@pytest.fixture
async def anthem(core: Core) -> Core:
    """A ring tone without a sound, and the service at work."""
    await core.configuration.put(UploadedRingTone(name="anthem"), by="test")
    await core.ring_tones.start()
    return core


async def test_what_was_uploaded_is_known_by_its_hash_also_after_a_restart_Q_5(
    anthem: Core, clock: SettableClock
) -> None:
    tones = anthem.ring_tones
    assert (tones.hash_of("anthem"), tones.hashes()) == ("", [])
    first = await tones.upload("anthem", tone(600), by="anna", address="192.0.2.9")
    assert tones.hash_of("anthem") == first.hash
    assert pitch_of(await tones.content(hashed=first.hash)) == pytest.approx(600, abs=3)
    entry = (await anthem.audit.list(limit=1))[0]
    assert (entry.action, entry.actor, entry.subject) == ("ring_tone.upload", "anna", "anthem")
    second = await tones.upload("anthem", tone(700, form="MP3"), by="test")
    assert tones.hashes() == [second.hash] != [first.hash]
    assert pitch_of(await tones.content(name="anthem")) == pytest.approx(700, abs=3)
    with pytest.raises(ServiceError) as caught:
        await tones.content(hashed=first.hash)
    assert caught.value.code is ErrorCode.NOT_FOUND
    async with open_core(anthem.settings, clock) as again:
        await again.ring_tones.start()
        assert again.ring_tones.hash_of("anthem") == second.hash
        await again.ring_tones.stop()


async def test_a_ring_tone_that_a_queue_uses_is_not_removed_and_takes_its_sound_along_Q_5(
    anthem: Core,
) -> None:
    await anthem.ring_tones.upload("anthem", tone(600), by="test")
    with pytest.raises(ServiceError, match="there is no ring tone 'march'") as caught:
        await anthem.configuration.put(Queue(number="6400", ring_tone="march"), by="test")
    assert caught.value.code is ErrorCode.INVALID
    await anthem.configuration.put(Queue(number="6400", ring_tone="anthem"), by="test")
    with pytest.raises(ServiceError, match="is used by queue 6400") as caught:
        await anthem.configuration.remove(UploadedRingTone, "anthem", by="test")
    assert caught.value.code is ErrorCode.CONFLICT
    await anthem.configuration.put(Queue(number="6400", ring_tone="pulse"), by="test")
    assert anthem.configuration.get(Queue, "6400").ring_tone is RingTone.PULSE
    await anthem.configuration.remove(UploadedRingTone, "anthem", by="test")
    assert anthem.ring_tones.hashes() == []
    await anthem.configuration.put(UploadedRingTone(name="anthem"), by="test")
    with pytest.raises(ServiceError):
        await anthem.ring_tones.sound("anthem")


async def test_what_would_not_be_heard_or_is_no_ring_tone_is_refused_Q_5(anthem: Core) -> None:
    for given, why in (
        (b"words", "no sound file"),
        (tone(seconds=31), "it may be 0.2 to 30 s"),
        (tone(seconds=0.1), "it may be 0.2 to 30 s"),
        (tone(level=0.001), "too quiet"),
    ):
        with pytest.raises(ServiceError, match=why) as caught:
            await anthem.ring_tones.upload("anthem", given, by="test")
        assert caught.value.code is ErrorCode.INVALID
    assert anthem.ring_tones.hashes() == []
    with pytest.raises(ServiceError) as caught:
        await anthem.ring_tones.upload("march", tone(), by="test")
    assert caught.value.code is ErrorCode.NOT_FOUND


@pytest.mark.parametrize("name", list(RingTone))
def test_no_ring_tone_has_the_name_of_one_of_the_client_Q_5(name: str) -> None:
    with pytest.raises(ValueError, match="that the client has"):
        UploadedRingTone(name=str(name))
