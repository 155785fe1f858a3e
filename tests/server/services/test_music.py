"""ADMIN-2: music on hold is what the settings name, as it was uploaded last."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from server.contract.errors import ErrorCode
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.routing import SystemSettings
from server.core import Core
from server.services.errors import ServiceError
from server.services.music import Music
from server.switch.port import DEFAULT_MUSIC
from tests.phones.waiting import until
from tests.server.idle_switch import IdleSwitch
from tests.server.sounds import tone


@pytest.fixture
async def switch(core: Core) -> AsyncIterator[IdleSwitch]:
    """A switch that is given the music of two prompts, the second of which has no sound yet."""
    switch = IdleSwitch()
    for name in ("waltz", "march"):
        await core.configuration.put(Prompt(name=name), by="test")
    await core.prompts.start()
    await core.prompts.upload("waltz", "en", tone(440), by="test")
    music = Music(switch=switch, configuration=core.configuration, prompts=core.prompts)
    music.start()
    await switch.start()
    yield switch
    await music.stop()
    await core.prompts.stop()


async def plays(switch: IdleSwitch, wanted: Callable[[], list[object]], music: str = DEFAULT_MUSIC) -> None:
    await until(
        lambda: switch.music is not None and list(switch.music.get(music, ())) == wanted(),
        "the switch has it",
    )


async def test_the_music_of_the_engine_is_there_until_another_one_is_set_ADMIN_2(
    core: Core, switch: IdleSwitch
) -> None:
    await plays(switch, list)
    await core.configuration.put(SystemSettings(music=["march", "waltz"]), by="test")
    await plays(switch, lambda: [core.prompts.file("waltz")])
    await core.configuration.put(SystemSettings(), by="test")
    await plays(switch, list)


async def test_what_is_uploaded_later_is_heard_from_then_on_ADMIN_2(core: Core, switch: IdleSwitch) -> None:
    await core.configuration.put(SystemSettings(music=["march", "waltz"]), by="test")
    await plays(switch, lambda: [core.prompts.file("waltz")])
    await core.prompts.upload("march", "en", tone(600), by="test")
    await plays(switch, lambda: [core.prompts.file("march"), core.prompts.file("waltz")])
    before = core.prompts.file("waltz")
    await core.prompts.upload("waltz", "en", tone(800), by="test")
    assert core.prompts.file("waltz") != before
    await plays(switch, lambda: [core.prompts.file("march"), core.prompts.file("waltz")])


async def test_music_must_be_there_and_stays_while_it_is_used(core: Core, switch: IdleSwitch) -> None:
    with pytest.raises(ServiceError, match="there is no prompt 'polka'") as caught:
        await core.configuration.put(SystemSettings(music=["polka"]), by="test")
    assert caught.value.code is ErrorCode.INVALID
    await core.configuration.put(SystemSettings(music=["waltz"]), by="test")
    with pytest.raises(ServiceError, match="is used by system settings") as caught:
        await core.configuration.remove(Prompt, "waltz", by="test")
    assert caught.value.code is ErrorCode.CONFLICT


async def test_the_music_of_a_queue_is_its_own_and_goes_with_it_Q_5(core: Core, switch: IdleSwitch) -> None:
    await core.prompts.upload("waltz", "cs", tone(700), by="test")
    queue = Queue(number="6400", music=["march", "waltz"], language="cs")
    await core.configuration.put(queue, by="test")
    await plays(switch, lambda: [core.prompts.file("waltz", "cs")], "queue-6400")
    await plays(switch, list)
    await core.prompts.upload("march", "en", tone(600), by="test")
    await plays(switch, lambda: [core.prompts.file("march"), core.prompts.file("waltz", "cs")], "queue-6400")
    with pytest.raises(ServiceError, match="is used by queue 6400"):
        await core.configuration.remove(Prompt, "waltz", by="test")
    await core.configuration.put(Queue(number="6400"), by="test")
    await until(lambda: list(switch.music or ()) == [DEFAULT_MUSIC], "the switch has no other music")


async def test_a_switch_that_is_up_again_is_given_the_music_again(core: Core, switch: IdleSwitch) -> None:
    await core.configuration.put(SystemSettings(music=["waltz"]), by="test")
    await plays(switch, lambda: [core.prompts.file("waltz")])
    switch.music = None
    await asyncio.gather(switch.start())
    await plays(switch, lambda: [core.prompts.file("waltz")])
