"""Short days of an office, which tests let go wrong at each of their moments."""

import asyncio
import contextlib
from pathlib import Path

from server.contract.boss import Boss
from server.contract.conference import Conference
from server.contract.ivr import Choice, Ivr
from server.contract.monitoring import MonitoringRight
from server.contract.prompts import Prompt
from server.contract.queues import Queue
from server.contract.reaching import EndpointKind
from server.contract.recording import RecordingRight, RecordingRule
from server.contract.routing import RingGroup
from server.services.errors import ServiceError
from server.switch.port import Sound, SwitchError
from server.switch.simulated import Behaviour
from server.switch.simulated.phones import Phone
from tests.server.flows.office import Office
from tests.server.flows.test_emergency_call_back import called_back
from tests.server.flows.test_outside import with_trunks
from tests.server.flows.test_ways import available, forwards, to

BEHAVIOURS = {
    "answered": [Behaviour.answers(1.0, hangs_up_after_s=2.0), Behaviour.rings()],
    "two answers": [Behaviour.answers(1.0, hangs_up_after_s=2.0), Behaviour.answers(1.0)],
    "refused": [Behaviour.refuses(486), Behaviour.refuses(603, 1.0)],
    "no answer": [Behaviour.rings(), Behaviour.is_dead()],
}


async def plain_call(place: Office) -> None:
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")


async def blind_transfer(place: Office) -> None:
    """1001 sends 1002, who answers at once, to 1003."""
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("1002")
    await asyncio.sleep(1.5)
    anna.transfer(call, "1003")


async def attended_transfer(place: Office) -> None:
    """1001 talks to 1002, asks 1003, and puts the two together."""
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("1002")
    await asyncio.sleep(1.5)
    anna.hold(call)
    consultation = anna.call("1003")
    await asyncio.sleep(1.5)
    anna.transfer(call, consultation=consultation)


async def forwarded_call(place: Office) -> None:
    """1002 does not answer; the call goes on to 1003, whose desk phone rings after its other ones."""
    place.reaching.settings["1002"] = forwards(no_answer="extension:1003", busy="extension:1003")
    place.reaching.settings["1003"] = available(
        ring_first=[EndpointKind.DESKTOP], ring_second=[EndpointKind.EXTENSION_ENDPOINT], ring_timeout_s=5
    )
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")


async def hung_up_call(place: Office) -> None:
    """1002 does not answer, and has such calls hung up."""
    place.reaching.settings["1002"] = forwards(no_answer="hang_up", busy="hang_up")
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")


async def group_call(place: Office) -> None:
    """1002 and 1003 ring one after the other, then 1004."""
    group = {"number": "620", "members": ("1002", "1003"), "strategy": "sequential", "ring_timeout_s": 5}
    place.configuration.append(RingGroup(**group, destination=to("extension:1004")))
    next(phone for phone in place.engine.phones if phone.number == "1001").call("620")


async def pick_up(place: Office) -> None:
    """1003 picks up the call from 1001 that rings at 1002."""
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")
    await asyncio.sleep(0.5)
    next(phone for phone in place.engine.phones if phone.number == "1003").call("*041002")


TALKS = ("1002", Behaviour.answers(1.0, hangs_up_after_s=60.0))
TRANSFERS = {
    "blind, answered": (blind_transfer, [TALKS, ("1003", Behaviour.answers(1.0, hangs_up_after_s=3.0))]),
    "blind, refused": (blind_transfer, [TALKS, ("1003", Behaviour.refuses(486))]),
    "blind, no answer": (blind_transfer, [TALKS, ("1003", Behaviour.rings())]),
    "attended": (attended_transfer, [TALKS, ("1003", Behaviour.answers(0.5, hangs_up_after_s=4.0))]),
    "attended, not answered": (attended_transfer, [TALKS, ("1003", Behaviour.answers(4.0))]),
}


async def park(place: Office) -> None:
    """1002 parks the call from 1001 by keys; 1003 takes it, or nobody does, and it comes back."""
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")
    await asyncio.sleep(1.5)
    for boris in [phone for phone in place.engine.phones if phone.number == "1002" and phone.calls]:
        boris.press(boris.calls[0], "*5")
    await asyncio.sleep(6)
    for cyril in [phone for phone in place.engine.phones if phone.number == "1003"]:
        if cyril.behaviour.answers_after_s is None:
            cyril.call("6900")


async def park_by_order(place: Office) -> None:
    """1002, who holds, parks the call from 1001 by order; 1003 takes it, or nobody does."""
    phones_of(place, "1001")[0].call("1002")
    await asyncio.sleep(1.5)
    slot = ""
    for live in place.calls.live():
        with contextlib.suppress(ServiceError, SwitchError):
            await place.control.hold(live.call.id, "1002", on=True)
            slot = await place.control.park(live.call.id, "1002")
    await asyncio.sleep(1)
    for cyril in phones_of(place, "1003"):
        if slot and cyril.behaviour.answers_after_s is None:
            cyril.call(slot)
    await asyncio.sleep(1)
    assert place.lot.calls() or place.lot.reserve() == "6900", "only a call takes a slot"
    if not place.lot.calls():
        place.lot.clear("6900")


async def hold(place: Office) -> None:
    """1002 holds the call from 1001, then 1001 does, too; both resume."""
    phones_of(place, "1001")[0].call("1002")
    await asyncio.sleep(2)
    for number, on in (("1002", True), ("1001", True), ("1002", False), ("1001", False)):
        for live in place.calls.live():
            with contextlib.suppress(ServiceError, SwitchError):
                await place.control.hold(live.call.id, number, on=on)
        await asyncio.sleep(0.5)


async def by_desk_phone(place: Office) -> None:
    """1003 controls its desk phone: it has 1002 called, answered by order, holds, and asks 1004 first."""

    async def do(work) -> None:
        with contextlib.suppress(ServiceError, SwitchError):
            await work

    with contextlib.suppress(ServiceError, SwitchError):
        first = await place.control.make("1003", "1002", auto_answer=True)
        await asyncio.sleep(1)
        await do(place.control.answer(first, "1003"))
        await asyncio.sleep(2)
        await do(place.control.keys(first, "1003", "1#"))
        await do(place.control.hold(first, "1003", on=True))
        second = await place.control.make("1003", "1004")
        await asyncio.sleep(1)
        await do(place.control.answer(second, "1003"))
        await asyncio.sleep(2)
        await do(place.control.join(first, "1003", second))


async def decline_by_order(place: Office) -> None:
    """1001 calls 1002, for whom the call is declined though its phones only ring."""
    phones_of(place, "1001")[0].call("1002")
    await asyncio.sleep(1)
    for call in place.own_calls.of("1002"):
        with contextlib.suppress(ServiceError, SwitchError):
            await place.control.hang_up(call.id, "1002")


async def hold_and_transfer(place: Office) -> None:
    """1002 holds the call from 1001, and has it sent to 1003 while it is held."""
    phones_of(place, "1001")[0].call("1002")
    await asyncio.sleep(2)
    for live in place.calls.live():
        with contextlib.suppress(ServiceError, SwitchError):
            await place.control.hold(live.call.id, "1002", on=True)
            await place.control.transfer(live.call.id, "1002", "1003")


async def hold_and_ask(place: Office) -> None:
    """1001 asks 1003, who holds that call, and is put together with 1002 all the same."""
    anna = phones_of(place, "1001")[0]
    call = anna.call("1002")
    await asyncio.sleep(1.5)
    consultation = anna.call("1003")
    await asyncio.sleep(1.5)
    for live in place.calls.live():
        with contextlib.suppress(ServiceError, SwitchError):
            await place.control.hold(live.call.id, "1003", on=True)
    anna.transfer(call, consultation=consultation)


async def barge_in(place: Office) -> None:
    """1003 barges into the call of 1001 and 1002."""
    right = {"name": "all", "supervisors": ("1003",), "everybody": True}
    place.configuration.append(MonitoringRight(**right))
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")
    await asyncio.sleep(1.5)
    for cyril in [phone for phone in place.engine.phones if phone.number == "1003"]:
        cyril.call("*531002")


async def menu(place: Office) -> None:
    """1001 listens to a menu, goes to another one, and from there to 1002."""
    spoken = Sound.file(Path("/prompts/en-welcome"))
    place.engine.files[Path(spoken.value)] = 2.0
    configuration = [
        Prompt(name="welcome"),
        Ivr(number="6500", prompt="welcome", choices=(Choice(key="1", destination=to("ivr:6501")),)),
        Ivr(number="6501", prompt="welcome", choices=(Choice(key="2", destination=to("extension:1002")),)),
    ]
    place.configuration += configuration
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("6500")
    for key in "12":
        await asyncio.sleep(1)
        anna.press(call, key)


async def queue(place: Office, *, key: str = "", **more: object) -> None:
    """1001 waits in a queue, whose agent 1002 is rung first; by `key` it goes to 1003."""
    place.engine.files[Path(Sound.file(Path("/prompts/en-welcome")).value)] = 2.0
    place.configuration.append(Prompt(name="welcome"))
    given = {
        "static_agents": ({"extension": "1002"}, {"extension": "1003"}),
        "strategy": "linear",
        "agent_timeout_s": 5,
        "join_announcement": "welcome",
        "agent_announcement": "welcome",
        "position": {"position": True},
        "periodic": {
            "prompt": "welcome", "every_s": 15, "choices": [{"key": "1", "destination": to("extension:1003")}]
        },
        "failover": to("extension:1004"),
        "max_wait_s": 20,
    }  # fmt: skip
    place.configured.put(Queue(number="6400", **(given | more)))
    anna = phones_of(place, "1001")[0]
    call = anna.call("6400")
    if key:
        await asyncio.sleep(4)
        anna.press(call, key)


async def queue_for_all(place: Office) -> None:
    """The same, and all agents ring."""
    await queue(place, strategy="ring_all", ringback="welcome", announce_agent_id=True)


async def queue_left(place: Office) -> None:
    """The same, and the caller leaves it by a key while an agent rings."""
    await queue(place, key="1", music=["welcome"])


async def leave_message(place: Office) -> None:
    """1002 does not answer; 1001 leaves a message in its mailbox, and hangs up."""
    place.reaching.settings["1002"] = forwards(no_answer="voicemail", busy="voicemail")
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("1002")
    await asyncio.sleep(50)
    anna.hang_up(call)


async def transfer_to_mailbox(place: Office) -> None:
    """1001 sends 1002, who answers at once, to the mailbox of 1003."""
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("1002")
    await asyncio.sleep(1.5)
    anna.transfer(call, "*121003")
    await asyncio.sleep(20)
    for dialog in [dialog for dialog in place.engine.dialogs.values() if dialog.number == "1002"]:
        place.engine.hang_up(dialog, "normal")


async def use_mailbox(place: Office) -> None:
    """1001 leaves a message for 1002, who listens to it, records a greeting, and changes its PIN."""
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("*121002")
    await asyncio.sleep(15)
    anna.hang_up(call)
    await asyncio.sleep(1)
    for boris in [phone for phone in place.engine.phones if phone.number == "1002"]:
        call = boris.call("*2")
        for keys, wait_s in (("1", 12), ("7", 8), ("31", 15), ("#", 5), ("5", 5), ("471#", 5), ("471#", 8)):
            if call.ended is None:
                boris.press(call, keys)
            await asyncio.sleep(wait_s)
        boris.hang_up(call)


QUEUES = {
    "answered": (queue, [("1002", Behaviour.answers(1.0, hangs_up_after_s=6.0))]),
    "refused": (
        queue,
        [("1002", Behaviour.refuses(603, 0.5)), ("1003", Behaviour.answers(1.0, hangs_up_after_s=6.0))],
    ),
    "hangs up at once": (queue, [("1002", Behaviour.answers(1.0, hangs_up_after_s=1.0))]),
    "no answer": (
        queue,
        [("1002", Behaviour.rings()), ("1004", Behaviour.answers(1.0, hangs_up_after_s=3.0))],
    ),
    "all ring": (
        queue_for_all,
        [("1002", Behaviour.rings()), ("1003", Behaviour.answers(1.0, hangs_up_after_s=6.0))],
    ),
    "left": (
        queue_left,
        [("1002", Behaviour.rings()), ("1003", Behaviour.answers(1.0, hangs_up_after_s=3.0))],
    ),
}
VOICEMAIL = {
    "no answer": (leave_message, [("1002", Behaviour.rings())]),
    "busy": (leave_message, [("1002", Behaviour.refuses(486))]),
    "transferred": (transfer_to_mailbox, [TALKS]),
    "listened to": (use_mailbox, [("1002", Behaviour.rings())]),
}


async def meet(place: Office) -> None:
    """1001 and 1003 meet in a conference room; 1001 leaves it first."""
    place.configuration.append(Conference(number="6600"))
    anna, cyril = (
        next(phone for phone in place.engine.phones if phone.number == number) for number in ("1001", "1003")
    )
    calls = [anna.call("6600")]
    await asyncio.sleep(5)
    calls.append(cyril.call("6600"))
    await asyncio.sleep(2)
    anna.hang_up(calls[0])
    await asyncio.sleep(1)
    cyril.hang_up(calls[1])


async def with_mobile(place: Office, does: Behaviour) -> None:
    """1002 has a mobile, to which the first trunk fails and the second leads."""
    mobile = "00420777123111"
    fault, place.switch.fault = place.switch.fault, None  # none before there are trunks
    await with_trunks(place)
    place.switch.fault = fault
    place.extensions.put(place.extensions.known["1002"].model_copy(update={"mobile": mobile}))
    place.reaching.settings["1002"] = available(ring_mobile=True)
    place.engine.carriers["one"].behaviours[mobile] = Behaviour.refuses(503)
    place.engine.carriers["two"].behaviours[mobile] = does


async def mobile_call(place: Office) -> None:
    """The mobile of 1002 rings beside its phone; the first trunk to it fails, the second leads there."""
    await with_mobile(place, Behaviour.answers(1.0, hangs_up_after_s=2.0))
    phones_of(place, "1001")[0].call("1002")


async def record(place: Office) -> None:
    """The call of 1001 and 1002 is recorded by a rule, after both were told; 1001 pauses, and goes on."""
    place.configuration += [
        RecordingRule(name="all", everybody=True, announcement="beep"),
        RecordingRight(name="all", everybody=True),
    ]
    anna = next(phone for phone in place.engine.phones if phone.number == "1001")
    call = anna.call("1002")
    await asyncio.sleep(2)
    anna.press(call, "*1")
    await asyncio.sleep(1.5)
    anna.press(call, "*1")


async def record_after_transfer(place: Office) -> None:
    """1001 puts 1002 together with 1003, whose calls a rule records, and who is told so."""
    place.configuration.append(RecordingRule(name="cyril", extensions=("1003",), announcement="beep"))
    await attended_transfer(place)


async def record_on_demand(place: Office) -> None:
    """1002 records by keys, and then sends 1001 to 1003, whose calls a rule records."""
    place.configuration += [
        RecordingRule(name="cyril", extensions=("1003",)),
        RecordingRight(name="all", everybody=True),
    ]
    next(phone for phone in place.engine.phones if phone.number == "1001").call("1002")
    await asyncio.sleep(1.5)
    for boris in [phone for phone in place.engine.phones if phone.number == "1002" and phone.calls]:
        boris.press(boris.calls[0], "*1")
        await asyncio.sleep(1)
        boris.transfer(boris.calls[0], "1003")


RECORDINGS = {
    "by rule": (record, [("1002", Behaviour.answers(1.0, hangs_up_after_s=6.0))]),
    "on demand, transferred": (
        record_on_demand,
        [TALKS, ("1003", Behaviour.answers(1.0, hangs_up_after_s=3.0))],
    ),
    "told after a transfer": (
        record_after_transfer,
        [TALKS, ("1003", Behaviour.answers(0.5, hangs_up_after_s=6.0))],
    ),
    "on demand, not transferred": (record_on_demand, [TALKS, ("1003", Behaviour.refuses(486))]),
}
PICK_UPS = {
    "picked up": Behaviour.rings(),
    "picked up, answered": Behaviour.answers(0.5025, hangs_up_after_s=2.0),
    "picked up, refused": Behaviour.refuses(603, 0.5025),
}
ENDS_IT = Behaviour.answers(1.0, hangs_up_after_s=2.0)
WAYS = {
    "mobile": (mobile_call, [("1002", Behaviour.rings())]),
    "forwarded": (forwarded_call, [("1002", Behaviour.refuses(486)), ("1003", ENDS_IT)]),
    "forwarded late": (forwarded_call, [("1002", Behaviour.rings()), ("1003", ENDS_IT)]),
    "hung up": (hung_up_call, [("1002", Behaviour.refuses(603, 2.0)), ("1002", Behaviour.rings())]),
    "called back": (called_back, [("1002", ENDS_IT), ("1002", Behaviour.rings())]),
    "called back in vain": (called_back, [("1002", Behaviour.rings()), ("1003", ENDS_IT)]),
    "group": (group_call, [("1002", Behaviour.rings()), ("1003", Behaviour.is_dead()), ("1004", ENDS_IT)]),
}


async def take_held(place: Office, *, keeps: bool = False) -> None:
    """1002 answers for 1003, by phone or by us holds the call from 1001, and 1003 takes it."""
    place.configured.put(Boss(name="1003", secretaries=("1002",), keep_secretary=keeps))
    phones_of(place, "1001")[0].call("1003")
    await asyncio.sleep(1.5)
    for boris in [phone for phone in phones_of(place, "1002") if phone.calls]:
        if keeps:
            boris.hold(boris.calls[0])
        else:
            for live in place.calls.live():
                with contextlib.suppress(ServiceError, SwitchError):
                    await place.control.hold(live.call.id, "1002", on=True)
        await asyncio.sleep(0.5)
        for boss in phones_of(place, "1003"):
            boss.call("*591002")
        await asyncio.sleep(0.5)
        boris.resume(boris.calls[0])


async def take_held_and_keep(place: Office) -> None:
    """The same, and 1002 is kept in the call."""
    await take_held(place, keeps=True)


async def take_held_and_be_told(place: Office) -> None:
    """The same, and the boss and the caller are told that they are recorded."""
    place.configuration.append(RecordingRule(name="boss", extensions=("1003",), announcement="beep"))
    await take_held(place, keeps=True)


def phones_of(place: Office, number: str) -> list[Phone]:
    return [phone for phone in place.engine.phones if phone.number == number]


async def code(place: Office) -> None:
    """1001 forwards its calls; it is told so."""
    phones_of(place, "1001")[0].call("*311002")


async def refused_code(place: Office) -> None:
    """1001 forwards its calls to nowhere; it is told that this cannot be."""
    phones_of(place, "1001")[0].call("*31")


async def intercom(place: Office) -> None:
    """1002 answers 1001 by itself."""
    phones_of(place, "1001")[0].call("*61002")


async def keys(place: Office, *pressed: str) -> None:
    """1002, who talks to 1001, presses these keys, some seconds apart."""
    phones_of(place, "1001")[0].call("1002")
    await asyncio.sleep(1.5)
    for some in pressed:
        for boris in [phone for phone in phones_of(place, "1002") if phone.calls]:
            if some:
                boris.press(boris.calls[0], some)
            else:
                boris.hang_up(boris.calls[0])
        await asyncio.sleep(4)


SHORT = Behaviour.answers(1.0, hangs_up_after_s=12.0)
BY_KEYS = {
    "blind": (("*031003#",), [TALKS, ("1003", SHORT)]),
    "blind, hangs up": (("*031003#", ""), [TALKS, ("1003", Behaviour.answers(5.0, hangs_up_after_s=3.0))]),
    "blind, refused": (("*031003#",), [TALKS, ("1003", Behaviour.refuses(486))]),
    "attended": (("*31003#", "##"), [TALKS, ("1003", SHORT)]),
    "attended, hangs up": (("*31003#", ""), [TALKS, ("1003", SHORT)]),
    "attended, given back": (("*31003#", "**"), [TALKS, ("1003", SHORT)]),
    "attended, refused": (("*31003#",), [TALKS, ("1003", Behaviour.refuses(603, 1.0))]),
    "attended, too early": (("*31003#", ""), [TALKS, ("1003", Behaviour.answers(6.0, hangs_up_after_s=3.0))]),
    "flip": (("*01",), [TALKS, ("1002", SHORT)]),
    "flip, refused": (("*01",), [TALKS, ("1002", Behaviour.refuses(486))]),
    "flip, hangs up": (("*01", ""), [TALKS, ("1002", Behaviour.answers(5.0, hangs_up_after_s=3.0))]),
}
