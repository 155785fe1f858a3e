"""Prompts: kept in the database, played from files (ADMIN-2), on both databases."""

from pathlib import Path

import pytest

from server.contract.errors import ErrorCode
from server.contract.prompts import Prompt
from server.core import Core, open_core
from server.services.errors import ServiceError
from server.switch.port import Sound
from tests.server.conftest import SettableClock
from tests.server.sounds import pitch_of, tone


@pytest.fixture
async def welcome(core: Core) -> Core:
    """A prompt without a sound, and the service at work."""
    await core.configuration.put(Prompt(name="welcome"), by="test")
    await core.prompts.start()
    return core


def heard(sound: Sound | None) -> float:
    """The pitch of what the engine would play, in hertz."""
    assert sound is not None
    return pitch_of(Path(sound.value + ".wav16").read_bytes())


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


def files(core: Core) -> list[Path]:
    """What the engine could play."""
    return list((core.settings.data / "prompts").iterdir())


async def test_the_language_is_the_one_wanted_else_the_usual_one_else_any_ADMIN_2(welcome: Core) -> None:
    prompts = welcome.prompts
    assert prompts.sound("welcome") is None
    await prompts.upload("welcome", "cs", tone(600), by="test")
    assert heard(prompts.sound("welcome", "zh")) == pytest.approx(600, abs=3)
    await prompts.upload("welcome", "en", tone(440), by="test")
    await prompts.upload("welcome", "pt", tone(800), by="test")
    assert heard(prompts.sound("welcome", "zh")) == pytest.approx(440, abs=3)
    assert heard(prompts.sound("welcome", "cs")) == pytest.approx(600, abs=3)
    assert heard(prompts.sound("welcome", "pt-BR")) == pytest.approx(800, abs=3)
    assert [one.language for one in await prompts.recordings("welcome")] == ["cs", "en", "pt"]


async def test_a_new_sound_replaces_the_old_one_and_files_of_nothing_go(welcome: Core) -> None:
    prompts = welcome.prompts
    await prompts.upload("welcome", "en", tone(440), by="test")
    (before,) = files(welcome)
    assert mode_of(before) == 0o600
    told = await prompts.upload("welcome", "en", tone(600, seconds=2), by="anna", address="192.0.2.9")
    assert told.duration_s == pytest.approx(2)
    assert before not in files(welcome)
    assert heard(prompts.sound("welcome")) == pytest.approx(600, abs=3)
    entry = (await welcome.audit.list(limit=1))[0]
    assert (entry.action, entry.actor, entry.address) == ("prompt.upload", "anna", "192.0.2.9")
    assert entry.detail == {"language": "en"}


async def test_one_sound_under_two_prompts_stays_while_one_uses_it(welcome: Core) -> None:
    await welcome.configuration.put(Prompt(name="again"), by="test")
    for name in ("welcome", "again"):
        await welcome.prompts.upload(name, "en", tone(440), by="test")
    await welcome.prompts.remove("welcome", "en", by="test")
    assert welcome.prompts.sound("welcome") is None
    assert heard(welcome.prompts.sound("again")) == pytest.approx(440, abs=3)


async def test_after_a_restart_files_that_were_lost_are_there_again(
    welcome: Core, clock: SettableClock
) -> None:
    await welcome.prompts.upload("welcome", "en", tone(440), by="test")
    (lost,) = files(welcome)
    stale = lost.with_name("0" * 64 + ".wav16")
    lost.rename(stale)
    async with open_core(welcome.settings, clock) as again:
        await again.prompts.start()
        assert heard(again.prompts.sound("welcome")) == pytest.approx(440, abs=3)
        assert files(welcome) == [lost]
        await again.prompts.stop()


async def test_a_prompt_that_is_removed_takes_its_sounds_along(welcome: Core, clock: SettableClock) -> None:
    await welcome.prompts.upload("welcome", "en", tone(440), by="test")
    await welcome.configuration.remove(Prompt, "welcome", by="test")
    assert welcome.prompts.sound("welcome") is None
    await welcome.prompts.stop()  # before it could remove the file, as a kill would
    await welcome.configuration.put(Prompt(name="welcome"), by="test")
    assert await welcome.prompts.recordings("welcome") == []
    async with open_core(welcome.settings, clock) as again:
        await again.prompts.start()
        assert files(welcome) == []
        await again.prompts.stop()


async def test_what_is_not_there_is_told(welcome: Core) -> None:
    prompts = welcome.prompts
    for refused in (
        prompts.recordings("gone"),
        prompts.upload("gone", "en", tone(), by="test"),
        prompts.content("welcome", "en"),
        prompts.remove("welcome", "en", by="test"),
    ):
        with pytest.raises(ServiceError) as caught:
            await refused
        assert caught.value.code is ErrorCode.NOT_FOUND
