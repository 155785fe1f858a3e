"""Q-5, VM-2, CODE-1: who hears the PBX speak in which language, in virtual time."""

import asyncio
from pathlib import Path

from server.contract.ivr import Choice, Ivr
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.routing import InboundRoute
from server.switch.port import Sound, Speech
from server.switch.simulated import Behaviour
from server.switch.simulated.phones import Dialog
from server.switch.speech import Voice
from tests.server.flows.office import Office, office
from tests.server.flows.test_adoption import successor
from tests.server.flows.test_outside import with_trunks
from tests.server.flows.test_queue import sales, set_up
from tests.server.flows.test_ways import to
from tests.virtual_time import in_virtual_time

VOICES = {language: Voice(Path(f"/voices/{language}"), says_numbers=True) for language in ("cs", "de", "pt")}
SPEECH = Speech(VOICES, usual="pt", of_extensions={"1002": "de"})
"""The system speaks Portuguese, 1002 hears German."""


def speaks(place: Office, *prompts: str) -> None:
    """The voices are there, and these prompts in every language."""
    place.switch.speech = SPEECH
    for prompt in prompts:
        place.configuration.append(Prompt(name=prompt))
        place.engine.files |= {Path(f"/prompts/{one}-{prompt}"): 1.0 for one in ("cs", "de", "en", "pt")}


def heard(dialog: Dialog) -> list[tuple[str, str]]:
    """What was said to a phone, and in which language."""
    return [(one.sound.value, one.language) for one in dialog.heard]


def languages(dialog: Dialog) -> set[str]:
    assert dialog.heard
    return {one.language for one in dialog.heard}


POSITION = {"position": {"position": True, "thank_you": True}}


@in_virtual_time
async def test_a_queue_speaks_its_language_to_callers_and_where_they_go_from_there_Q_5_VM_2():
    async with office() as place:
        speaks(place, "welcome")
        queue = sales("1003", language="cs", max_wait_s=12, failover=to("voicemail:1003"), **POSITION)
        set_up(place, queue.model_copy(update={"join_announcement": "welcome"}))
        call = place.engine.phone("1001").call("6400")
        await asyncio.sleep(20)
        said = heard(call)
        assert said[0] == ("/prompts/cs-welcome", "cs")
        assert ("queue-youarenext", "cs") in said
        assert ("queue-thankyou", "cs") in said
        assert ("vm-theperson", "cs") in said
        assert languages(call) == {"cs"}


@in_virtual_time
async def test_a_queue_without_a_language_speaks_that_of_the_caller_Q_5():
    async with office() as place:
        speaks(place, "welcome")
        await with_trunks(place)
        queue = sales("1003", join_announcement="welcome", **POSITION)
        set_up(place, queue)
        place.engine.phone("1003", Behaviour.rings())
        for number, language in (("1001", "pt"), ("1002", "de")):
            call = place.engine.phone(number).call("6400")
            await asyncio.sleep(8)
            assert heard(call)[0] == (f"/prompts/{language}-welcome", language)
            assert languages(call) == {language}


@in_virtual_time
async def test_an_agent_hears_its_own_language_and_the_caller_that_of_the_queue_Q_5():
    async with office() as place:
        speaks(place, "welcome")
        set_up(place, sales("1002", language="cs", announce_agent_id=True))
        agent = place.engine.phone("1002", Behaviour.answers(1.0))
        anna = place.engine.phone("1001")
        call = anna.call("6400")
        await asyncio.sleep(12)
        assert (languages(agent.calls[0]), languages(call)) == ({"de"}, {"cs"})
        assert heard(call)[0] == ("vm-extension", "cs")
        anna.hang_up(call)


@in_virtual_time
async def test_a_menu_speaks_its_language_and_what_follows_without_one_too_ADMIN_2():
    async with office() as place:
        speaks(place, "welcome", "closed")
        first = Ivr(
            number="6500",
            prompt="welcome",
            language="cs",
            choices=(Choice(key="1", destination=to("ivr:6501")),),
        )
        second = Ivr(
            number="6501", prompt="welcome", choices=(Choice(key="2", destination=to("prompt:closed")),)
        )
        place.configuration += [first, second]
        anna = place.engine.phone("1002")
        call = anna.call("6500")
        for key in "12":
            await asyncio.sleep(0.5)
            anna.press(call, key)
        await asyncio.sleep(3)
        assert heard(call) == [
            ("/prompts/cs-welcome", "cs"), ("/prompts/cs-welcome", "cs"), ("/prompts/cs-closed", "cs"),
        ]  # fmt: skip
        alone = anna.call("6501")
        await asyncio.sleep(0.5)
        assert heard(alone) == [("/prompts/de-welcome", "de")]


@in_virtual_time
async def test_codes_and_the_own_mailbox_are_in_the_language_of_the_extension_CODE_1_VM_5():
    async with office() as place:
        speaks(place)
        place.configured.put(Queue(number="6400", dynamic_agents=[{"extension": "1002"}]))
        boris = place.engine.phone("1002")
        call = boris.call("*76400")
        await asyncio.sleep(8)
        assert ("agent-loginok", "de") in heard(call)
        mailbox = boris.call("*2")
        await asyncio.sleep(5)
        assert languages(call) == languages(mailbox) == {"de"}
        place.switch.speech = Speech(VOICES, of_extensions={"1002": "de-AT", "1003": "fr"})
        for number, language in (("1002", "de"), ("1003", "en"), ("1001", "en")):
            again = place.engine.phone(number).call("*2")
            await asyncio.sleep(2)
            assert languages(again) == {language}, "without the country, else English"


@in_virtual_time
async def test_after_a_kill_the_caller_goes_on_in_the_language_of_the_queue_before_Q_5():
    first = Office()
    speaks(first)
    await first.start()
    set_up(first, sales("1003", language="cs", max_wait_s=6, failover=to("ivr:6500")))
    for language in ("cs", "de", "en", "pt"):
        first.engine.files[Path(f"/prompts/{language}-welcome")] = 4.0
    first.configuration.append(
        Ivr(number="6500", prompt="welcome", choices=(Choice(key="1", destination=to("extension:1003")),))
    )
    call = first.engine.phone("1001").call("6400")
    await asyncio.sleep(9)
    assert call.sounds[-1] == Sound.file(Path("/prompts/cs-welcome")), "it is in the menu"
    before = len(call.heard)
    second = successor(first)
    second.switch.speech = SPEECH
    await first.killed()
    await second.start(restarted=False)
    await asyncio.sleep(1)
    assert heard(call)[before:] == [("/prompts/cs-welcome", "cs")]
    first.engine.phones[0].hang_up(call)
    await second.idle()
    second.assert_nothing_left()
    await second.stop()


@in_virtual_time
async def test_somebody_outside_hears_the_language_of_the_system_Q_5():
    async with office() as place:
        speaks(place, "welcome")
        route = InboundRoute(name="in", destination=to("queue:6400"))
        await with_trunks(place, route)
        set_up(place, sales("1003", join_announcement="welcome"))
        place.engine.phone("1003", Behaviour.rings())
        call = place.engine.carriers["one"].call("530")
        await asyncio.sleep(3)
        assert heard(call) == [("/prompts/pt-welcome", "pt")]
