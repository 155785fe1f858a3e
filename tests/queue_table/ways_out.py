"""Rows about callers who go elsewhere, calls that do, and phones that are gone (Q-3, Q-5, Q-11)."""

from functools import partial

from tests.queue_table.rows import by
from tests.queue_table.stage import Line, Row, Stage


async def waits_too_long(stage: Stage, to: str) -> None:
    """B rings, and nobody answers; after the longest wait the call goes on, with B still rung."""
    await stage.queue("B", max_wait_s=5, failover=to)
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.over("B")


async def one_call(stage: Stage) -> None:
    """Nothing goes wrong."""
    await stage.queue("B")
    await stage.call("A")
    await stage.served("A", by="B")


async def to_extension(stage: Stage) -> None:
    await waits_too_long(stage, "extension:C")
    await stage.served("A", by="C")


async def to_voicemail(stage: Stage) -> None:
    await stage.queue("B", max_wait_s=5, failover="voicemail:C")
    await stage.call("A")
    await stage.rings("B", of="A")
    in_the_queue = await stage.answered_at("A")
    await stage.over("B")
    await stage.answered_at("A", other_than=in_the_queue)
    await stage.hang_up("A")
    await stage.logs("C", ("incoming", "A", "missed"))


async def to_menu(stage: Stage) -> None:
    choices = [{"key": "1", "destination": stage.to("extension:C")}]
    await stage.make("ivrs", stage.names["menu"], {"prompt": "notice", "choices": choices})
    await waits_too_long(stage, "ivr:menu")
    await stage.hears("A")
    await stage.press("A", "1")
    await stage.served("A", by="C")


async def to_ring_group(stage: Stage) -> None:
    members = [stage.names["C"], stage.names["D"]]
    await stage.make("ring-groups", stage.names["group"], {"members": members})
    await waits_too_long(stage, "ring_group:group")
    await stage.rings("C", of="A")
    await stage.rings("D", of="A")
    await stage.answer("D")
    await stage.over("C")
    await stage.talk("A", "D")
    await stage.hang_up("A")
    await stage.over("D")


async def to_queue(stage: Stage) -> None:
    await stage.queue("C", name="R")
    await waits_too_long(stage, "queue:R")
    await stage.served("A", by="C")


async def to_outside(stage: Stage) -> None:
    await waits_too_long(stage, "external:M")
    await stage.talks_outside("A")
    await stage.over("A")


async def to_prompt(stage: Stage) -> None:
    await waits_too_long(stage, "prompt:notice")
    await stage.hears("A")
    await stage.over("A")


async def to_the_end(stage: Stage) -> None:
    await waits_too_long(stage, "hang_up")
    await stage.over("A")


async def hangs_up_while_introduced(stage: Stage) -> None:
    """The caller waits on, and has lost nothing but the time."""
    await stage.queue("B", agent_announcement="notice")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.hears("B")
    await stage.hang_up("B")
    await stage.music("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.hears("B")
    await stage.talk("A", "B")
    await stage.hang_up("A")
    await stage.over("B")


async def gives_up_while_introduced(stage: Stage) -> None:
    """Of an agent who has answered, and hears who that is for, the caller is gone."""
    await stage.queue("B", agent_announcement="notice")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.hears("B")
    await stage.hang_up("A")
    await stage.over("B")


async def gives_up(stage: Stage, *, ringing: bool) -> None:
    await stage.queue("B")
    if not ringing:
        await stage.switch("B", paused=True)
    await stage.call("A")
    if ringing:
        await stage.rings("B", of="A")
    else:
        await stage.music("A")
    await stage.hang_up("A")
    if ringing:
        await stage.over("B")


async def sent_on(stage: Stage) -> None:
    """The agent is free once the call is with somebody else, and is rung for the next one."""
    await stage.queue("B")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.talk("A", "B")
    await stage.refer("B", "C")
    await stage.rings("C", of="A")
    await stage.answer("C")
    await stage.talk("A", "C")
    await stage.over("B")
    await stage.call("D")
    await stage.served("D", by="B")
    await stage.talk("A", "C")
    await stage.hang_up("A")
    await stage.over("C")


async def sent_on_and_gone(stage: Stage) -> None:
    """Who hangs up while it rings at C is free at once, and else in a call again if C does not want it."""
    await stage.queue("B")
    for wanted in (True, False):
        await stage.call("A")
        await stage.rings("B", of="A")
        await stage.answer("B")
        await stage.talk("A", "B")
        await stage.press("B", f"*03{stage.names['C']}#")
        await stage.rings("C", of="A")
        await stage.hang_up("B")
        await stage.is_("B", "available")
        if wanted:
            await stage.answer("C")
            await stage.talk("A", "C")
        else:
            await stage.refuse("C")
            await stage.rings("B", of="A")
            await stage.answer("B")
            await stage.talk("A", "B")
            await stage.is_("B", "busy_elsewhere")
        await stage.hang_up("A")
        await stage.over("C" if wanted else "B")


async def asked_first(stage: Stage) -> None:
    """The agent asks C by keys, and hangs up, which puts the caller and C together."""
    await stage.queue("B")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.talk("A", "B")
    await stage.press("B", f"*3{stage.names['C']}#")
    await stage.rings("C", of="B")
    await stage.answer("C")
    await stage.is_("B", "talking")
    await stage.talk("B", "C")
    await stage.hang_up("B")
    await stage.talk("A", "C")
    await stage.is_("B", "available")
    await stage.hang_up("C")
    await stage.over("A")


async def sent_into_the_queue(stage: Stage) -> None:
    """C answers a call of A, and sends it to the queue."""
    await stage.queue("B")
    await stage.dial("A", stage.names["C"])
    await stage.talk("A", "C")
    await stage.refer("C", "Q")
    await stage.over("C")
    await stage.served("A", by="B")


async def switched_off_while_ringing(stage: Stage) -> None:
    await stage.queue("B C")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.unregister("B")
    await stage.over("B")
    await stage.served("A", by="C")


async def switched_off_while_talking(stage: Stage) -> None:
    """The call goes on; afterwards the agent is not rung."""
    await stage.queue("B C")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.talk("A", "B")
    await stage.unregister("B")
    await stage.is_("B", "talking")
    await stage.talk("A", "B")
    await stage.hang_up("A")
    await stage.over("B")
    await stage.is_("B", "unreachable")
    await stage.call("A")
    await stage.served("A", by="C")


async def gone_while_ringing(stage: Stage) -> None:
    """It rings to its time-out, and the caller goes on to the next one."""
    await stage.queue("B C", agent_timeout_s=5)
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.vanish("B")
    await stage.rings("C", of="A")
    await stage.answer("C")
    await stage.talk("A", "C")
    await stage.hang_up("A")
    await stage.over("C")


async def gone_while_talking(stage: Stage) -> None:
    """The engine ends the call that has no sound any more, and nobody is stuck."""
    await stage.queue("B C")
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.talk("A", "B")
    await stage.vanish("B")
    await stage.over("A")
    await stage.is_("B", "unreachable")
    await stage.call("A")
    await stage.served("A", by="C")


LOST = (Line("A", "failed_over"),)
ROWS = [
    Row("the phone vanishes while talking", gone_while_talking, "A B C", by("B", "C"), "B unreachable"),
    Row(
        "the phone vanishes while it rings",
        gone_while_ringing,
        "A B C",
        (Line("A", "answered", "C", "B"),),
        "B unreachable, C available",
    ),
    Row("to an extension", to_extension, "A B C", LOST, "B available"),
    Row("to a mailbox", to_voicemail, "A B C", LOST, "B available"),
    Row("to a menu", to_menu, "A B C", LOST, "B available"),
    Row("to a ring group", to_ring_group, "A B C D", LOST, "B available"),
    Row(
        "to a queue",
        to_queue,
        "A B C",
        (*LOST, Line("A", "answered", "C", queue="R")),
        "B available, C in R available",
    ),
    Row("outside", to_outside, "A B", LOST, "B available"),
    Row("a prompt, then the end", to_prompt, "A B", LOST, "B available"),
    Row("the end", to_the_end, "A B", LOST, "B available"),
    Row(
        "the agent hangs up while introduced",
        hangs_up_while_introduced,
        "A B",
        by("B"),
        "B available",
        exact=False,
    ),
    Row("the caller gives up while the agent is introduced", gives_up_while_introduced, "A B", by("B")),
    Row(
        "the caller gives up while it rings",
        partial(gives_up, ringing=True),
        "A B",
        (Line("A", "abandoned"),),
        "B available",
    ),
    Row(
        "the caller gives up while all pause",
        partial(gives_up, ringing=False),
        "A B",
        (Line("A", "abandoned"),),
        "B paused",
    ),
    Row(
        "the agent sends the caller on",
        sent_on,
        "A B C D",
        (*by("B"), Line("D", "answered", "B")),
        "B available",
    ),
    Row("the agent sends the caller on and is gone", sent_on_and_gone, "A B C", by("B", "B"), "B available"),
    Row("the agent asks first", asked_first, "A B C", by("B"), "B available"),
    Row("a colleague sends the caller in", sent_into_the_queue, "A B C", by("B"), "B available"),
    Row(
        "switched off while it rings",
        switched_off_while_ringing,
        "A B C",
        by("C"),
        "B unreachable, C available",
    ),
    Row(
        "switched off while talking",
        switched_off_while_talking,
        "A B C",
        by("B", "C"),
        "B unreachable, C available",
    ),
]
OTHER_PHONES = [
    Row(
        "the caller gives up while it rings",
        partial(gives_up, ringing=True),
        "A B",
        (Line("A", "abandoned"),),
        "B available",
        {"B": "own"},
    ),
    Row("to an extension", to_extension, "A B C", LOST, "B available", {"A": "own", "B": "baresip"}),
    Row(
        "the agent sends the caller on",
        sent_on,
        "A B C D",
        (*by("B"), Line("D", "answered", "B")),
        "B available",
        {"B": "own"},
    ),
    Row(
        "switched off while it rings",
        switched_off_while_ringing,
        "A B C",
        by("C"),
        "B unreachable, C available",
        {"C": "baresip"},
    ),
    Row("a call", one_call, "A B", by("B"), "B available", {"A": "sipp", "B": "own"}),
    Row("a call", one_call, "A B", by("B"), "B available", {"A": "baresip"}),
]
"""What is played with real phones only."""
