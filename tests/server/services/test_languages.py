"""Sound packages: installed whole or not at all, replaced, removed (Q-5, ADMIN-2), on both databases."""

import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionChange, ExtensionCreate
from server.contract.languages import MAX_PACKAGE_BYTES
from server.contract.routing import SystemSettings
from server.core import Core, open_core
from server.rules.system_sounds import system_sounds
from server.services.directory import Directory
from server.services.errors import ServiceError
from server.services.speech import SpokenLanguages
from tests.phones.waiting import until
from tests.server.conftest import SettableClock
from tests.server.idle_switch import IdleSwitch
from tests.server.sounds import package, pitch_of, tone, tones

THANKS = package({"queue-thankyou.wav": tone(600, seconds=0.3)})


@pytest.fixture
async def switch(core: Core) -> AsyncIterator[IdleSwitch]:
    """A switch that is told of languages."""
    switch, directory = IdleSwitch(), Directory(extensions=core.extensions)
    await directory.start()
    await core.languages.start()
    speech = SpokenLanguages(
        switch=switch, configuration=core.configuration, languages=core.languages, directory=directory
    )
    speech.start()
    await switch.start()
    yield switch
    await speech.stop()
    directory.stop()


def folders(core: Core) -> list[Path]:
    """What lies there of languages, also what is half-made."""
    return sorted((core.settings.data / "languages").iterdir())


async def spoken(switch: IdleSwitch, wanted: Callable[[], bool]) -> None:
    await until(wanted, f"the engine has it: {switch.spoken}")


async def test_a_package_is_spoken_and_what_it_lacks_is_told_Q_5(core: Core, switch: IdleSwitch) -> None:
    needed = system_sounds("cs")
    done = await core.languages.install("cs", THANKS, by="anna", address="192.0.2.9")
    assert (done.sounds, done.needed, done.says_numbers) == (1, len(needed), False)
    assert set(done.missing) == needed - {"queue-thankyou"}
    await spoken(switch, lambda: "cs" in switch.spoken.voices)
    voice = switch.spoken.voices["cs"]
    assert pitch_of((voice.folder / "queue-thankyou.wav16").read_bytes()) == pytest.approx(600, abs=4)
    entry = (await core.audit.list(limit=1))[0]
    assert (entry.action, entry.actor, entry.subject) == ("language.install", "anna", "cs")

    whole = await core.languages.install("cs", package(tones(needed, 700, seconds=0.05)), by="test")
    assert (whole.missing, whole.says_numbers) == ([], True)
    assert [one.model_dump() for one in await core.languages.list()] == [
        whole.model_dump(exclude={"ignored"})
    ]
    await spoken(switch, lambda: switch.spoken.voices["cs"].says_numbers)
    await until(lambda: folders(core) == [switch.spoken.voices["cs"].folder], "the old sounds are gone")

    await core.languages.remove("cs", by="test")
    await spoken(switch, lambda: not switch.spoken.voices)
    await until(lambda: folders(core) == [], "its sounds are gone")
    with pytest.raises(ServiceError) as caught:
        await core.languages.remove("cs", by="test")
    assert caught.value.code is ErrorCode.NOT_FOUND


async def test_what_cannot_be_installed_leaves_everything_as_it_was_Q_5(
    core: Core, switch: IdleSwitch, monkeypatch: pytest.MonkeyPatch
) -> None:
    await core.languages.install("cs", THANKS, by="test")
    before = folders(core), core.languages.voices
    broken = package({"queue-thankyou.wav": tone(500), "digits/1.wav": b"words"})
    for language, packed, code in (
        ("cs", broken, ErrorCode.INVALID),
        ("cs", b"words", ErrorCode.INVALID),
        ("en", THANKS, ErrorCode.INVALID),
        ("../cs", THANKS, ErrorCode.INVALID),
        ("czech", THANKS, ErrorCode.INVALID),
        ("cs", bytes(MAX_PACKAGE_BYTES + 1), ErrorCode.TOO_LARGE),
    ):
        with pytest.raises(ServiceError) as caught:
            await core.languages.install(language, packed, by="test")
        assert caught.value.code is code, language

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", full)
        with pytest.raises(ServiceError, match="No space left") as caught:
            await core.languages.install("cs", THANKS, by="test")
        assert caught.value.code is ErrorCode.UNAVAILABLE
    with monkeypatch.context() as patched:
        patched.setattr(core.audit, "record", full)  # the database cannot keep it, at the last moment
        with pytest.raises(ServiceError):
            await core.languages.install("cs", THANKS, by="test")
    assert (folders(core), core.languages.voices) == before
    assert len(await core.languages.list()) == 1
    assert switch.status.up


async def test_after_a_restart_it_is_spoken_and_what_was_half_made_is_gone_Q_5(
    core: Core, clock: SettableClock
) -> None:
    done = await core.languages.install("pt-BR", THANKS, by="test")
    (folder,) = folders(core)
    (folder.parent / ".0123").mkdir()
    (folder.parent / "pt-BR-old").mkdir()
    async with open_core(core.settings, clock) as again:
        await again.languages.start()
        assert [voice.folder for voice in again.languages.voices.values()] == [folder]
        assert [one.missing for one in await again.languages.list()] == [done.missing]
        assert folders(core) == sorted([folder, folder.parent / "pt-BR-old"])
        await again.languages.sweep()
        assert folders(core) == [folder]


async def test_who_hears_which_language_is_told_at_once_Q_5(core: Core, switch: IdleSwitch) -> None:
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    await core.extensions.add(ExtensionCreate(number="1002", language="de"), by="test")
    await core.configuration.put(SystemSettings(language="cs"), by="test")
    assert [switch.speech.wanted_by(number) for number in ("1001", "1002", "")] == ["cs", "de", "cs"]
    await core.extensions.change("1001", ExtensionChange(language="pt-BR"), by="test")
    await core.extensions.change("1002", ExtensionChange(language=None), by="test")
    assert [switch.speech.wanted_by(number) for number in ("1001", "1002")] == ["pt-BR", "cs"]
    assert (await core.extensions.get("1001")).language == "pt-BR"
    await core.languages.install("pt", THANKS, by="test")
    speech = switch.speech
    assert [speech.spoken_for(wanted) for wanted in ("pt-BR", "pt", "cs")] == ["pt", "pt", "en"]
