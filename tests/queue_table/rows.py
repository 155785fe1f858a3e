"""Rows about who is rung, when, and what agents are meanwhile (Q-2, Q-4, Q-7, Q-11)."""

from collections.abc import Sequence
from functools import partial

from tests.queue_table.stage import RETRY_S, Line, Row, Stage


async def strategy(stage: Stage, name: str, calls: Sequence[str]) -> None:
    """Each call is such as `B- C+`: B refuses, then C answers."""
    await stage.queue("B C D", strategy=name)
    rested = stage.now()
    for call in calls:
        await stage.later(rested)
        await stage.call("A")
        for who, does in call.split():
            await stage.rings(who, of="A")
            if does == "-":
                await stage.refuse(who)
                continue
            rested = stage.now() + RETRY_S  # at the latest: somebody else rings already
            await stage.answer(who)
            await stage.talk("A", who)
            await stage.hang_up(who)
            await stage.over("A")
        for letter in "BCD":
            await stage.is_(letter, "available")


async def random(stage: Stage) -> None:
    """Who is rung is anybody; of the three, exactly one."""
    await stage.queue("B C D", strategy="random")
    await stage.call("A")
    first = await stage.who_rings("B", "C", "D")
    await stage.refuse(first)
    second = await stage.who_rings(*(letter for letter in "BCD" if letter != first))
    await stage.answer(second)
    await stage.talk("A", second)
    await stage.hang_up("A")
    await stage.over(second)


async def ring_all(stage: Stage) -> None:
    await stage.queue("B C D", strategy="ring_all")
    await stage.call("A")
    for letter in "BCD":
        await stage.rings(letter, of="A")
    await stage.refuse("D")
    await stage.answer("C")
    await stage.over("B")
    await stage.talk("A", "C")
    await stage.hang_up("C")
    await stage.over("A")


async def skill_levels(stage: Stage) -> None:
    """A worse level is not rung while somebody of a better one can be."""
    await stage.queue("B:2 C:1", skill_based=True, agent_timeout_s=5)
    await stage.call("A")
    await stage.rings("C", of="A")
    await stage.over("C")
    await stage.rings("C", of="A")
    assert not stage.is_ringing("B")
    await stage.refuse("C")
    await stage.served("A", by="B")


async def retries(stage: Stage) -> None:
    await stage.queue("B", agent_timeout_s=5, retry_s=3)
    begun = stage.now()
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.over("B")
    assert stage.now() - begun > 5
    await stage.rings("B", of="A")
    assert stage.now() - begun > 5 + 3
    await stage.answer("B")
    await stage.talk("A", "B")
    await stage.hang_up("A")
    await stage.over("B")


async def wrap_up(stage: Stage) -> None:
    await stage.queue("B", wrap_up_s=6)
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.answer("B")
    await stage.call("D")
    await stage.music("D")
    await stage.talk("A", "B")
    freed = stage.now()
    await stage.hang_up("B")
    await stage.over("A")
    await stage.is_("B", "wrap_up")
    await stage.rings("B", of="D")
    assert stage.now() - freed > 6
    await stage.answer("B")
    await stage.talk("D", "B")
    await stage.hang_up("D")
    await stage.over("B")


async def wrap_up_of_two_queues(stage: Stage) -> None:
    """Shared, it keeps calls of the other queue away too, else only those of its own (Q-7)."""
    await stage.queue("B", name="R")
    for shared, wrap_up_s in ((True, 3), (False, 60)):
        await stage.make("queue-options", "queue-options", {"shared_wrap_up": shared})
        await stage.queue("B", wrap_up_s=wrap_up_s)
        await stage.call("A")
        await stage.rings("B", of="A")
        await stage.answer("B")
        await stage.talk("A", "B")
        await stage.call("D", "R")
        await stage.is_("B", "busy_elsewhere", "R")
        freed = stage.now()
        await stage.hang_up("B")
        await stage.over("A")
        await stage.rings("B", of="D")
        assert (stage.now() - freed > wrap_up_s) is shared
        await stage.answer("B")
        await stage.talk("D", "B")
        await stage.hang_up("B")
        await stage.over("D")
    await stage.is_("B", "wrap_up")


async def auto_pause(stage: Stage) -> None:
    await stage.queue("B C", agent_timeout_s=5, auto_pause_after=1)
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.over("B")
    await stage.is_("B", "paused")
    await stage.served("A", by="C")
    await stage.switch("B", paused=False)
    await stage.call("A")
    await stage.served("A", by="B")


async def in_use(stage: Stage, *, rings: bool) -> None:
    """The second phone of an agent who talks is rung only if so set up."""
    await stage.queue("B", ring_in_use=rings)
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.rings("B2", of="A")
    await stage.answer("B")
    await stage.over("B2")
    await stage.talk("A", "B")
    await stage.call("D")
    if rings:
        await stage.rings("B2", of="D")
    else:
        await stage.music("D")
        assert not stage.is_ringing("B2")
        await stage.hang_up("B")
        await stage.over("A")
        await stage.rings("B2", of="D")
    await stage.answer("B2")
    await stage.talk("D", "B2")
    if rings:
        await stage.talk("A", "B")
        await stage.hang_up("B")
        await stage.over("A")
        await stage.is_("B", "talking")
    await stage.hang_up("B2")
    await stage.over("D")


async def shared_agent(stage: Stage) -> None:
    """An agent of two queues has one call at a time; who has waited longest is next."""
    await stage.queue("B")
    await stage.queue("B", name="R")
    await stage.switch("B", paused=True)
    await stage.switch("B", "R", paused=True)
    await stage.call("D", "R")
    await stage.call("A", "Q")
    await stage.switch("B", paused=False)
    await stage.rings("B", of="A")
    await stage.switch("B", "R", paused=False)
    await stage.is_("B", "busy_elsewhere", "R")
    await stage.answer("B")
    await stage.talk("A", "B")
    await stage.call("C", "Q")
    await stage.hang_up("A")
    await stage.over("B")
    await stage.served("D", by="B")
    await stage.served("C", by="B")


async def do_not_disturb(stage: Stage) -> None:
    await stage.queue("B C")
    await stage.presence("B", "do_not_disturb")
    await stage.is_("B", "unreachable")
    await stage.call("A")
    await stage.rings("C", of="A")
    await stage.presence("B", "available")
    await stage.is_("B", "available")
    await stage.presence("C", "do_not_disturb")
    await stage.over("C")
    await stage.served("A", by="B")
    await stage.presence("C", "available")


async def switched_while_ringing(stage: Stage) -> None:
    """Who pauses or logs out is rung no more, and the next one is at once; who logs in is rung at once."""
    await stage.queue("B", dynamic="C D")
    await stage.switch("C", logged_in=True)
    await stage.call("A")
    await stage.rings("B", of="A")
    await stage.switch("B", paused=True, reason="2")
    await stage.over("B")
    await stage.rings("C", of="A")
    await stage.switch("C", logged_in=False)
    await stage.over("C")
    await stage.music("A")
    await stage.switch("D", logged_in=True)
    await stage.rings("D", of="A")
    await stage.answer("D")
    await stage.talk("A", "D")
    await stage.switch("D", logged_in=False)
    await stage.is_("D", "talking")
    await stage.hang_up("A")
    await stage.over("D")


async def busy_elsewhere(stage: Stage) -> None:
    """An agent who is in another call is not rung, and is once that is over."""
    await stage.queue("B")
    await stage.queue("", name="R")
    await stage.call("B", "R")
    await stage.is_("B", "busy_elsewhere")
    await stage.call("A")
    await stage.music("A")
    assert not stage.is_ringing("B")
    await stage.hang_up("B")
    await stage.served("A", by="B")


def by(*agents: str) -> tuple[Line, ...]:
    """Calls of A that these have answered."""
    return tuple(Line("A", "answered", agent) for agent in agents)


def as_strategy(name: str, *calls: str) -> Row:
    """The row of a strategy; the last one who is rung answers."""
    lines = by(*(call[-2] for call in calls))
    return Row(name, partial(strategy, name=name, calls=calls), "A B C D", lines, EVERYBODY)


EVERYBODY = "B available, C available, D available"
BOTH = "B available, C available"
ROWS = [
    as_strategy("linear", "B- C+", "B+"),
    as_strategy("rrmemory", "B+", "C- D+", "B+"),
    as_strategy("least_recent", "B+", "C+", "D+", "B- C+", "D+"),
    as_strategy("fewest_calls", "B+", "C+", "D- B+", "D+"),
    Row("random", random, "A B C D", by("?"), EVERYBODY),
    Row("ring_all", ring_all, "A B C D", by("C"), EVERYBODY),
    Row("skill levels", skill_levels, "A B C", (Line("A", "answered", "B", "C"),), BOTH),
    Row("retries", retries, "A B", (Line("A", "answered", "B", "B"),), "B available"),
    Row("wrap-up", wrap_up, "A B D", (*by("B"), Line("D", "answered", "B"))),
    Row(
        "wrap-up of two queues",
        wrap_up_of_two_queues,
        "A B D",
        (*by("B", "B"), *2 * (Line("D", "answered", "B", queue="R"),)),
        "B in R available",
    ),
    Row("auto pause", auto_pause, "A B C", (Line("A", "answered", "C", "B"), *by("B")), BOTH),
    Row(
        "ring in use",
        partial(in_use, rings=True),
        "A B B2 D",
        (*by("B"), Line("D", "answered", "B")),
        "B available",
        exact=False,
    ),
    Row(
        "ring in use is off",
        partial(in_use, rings=False),
        "A B B2 D",
        (*by("B"), Line("D", "answered", "B")),
        "B available",
    ),
    Row(
        "an agent of two queues",
        shared_agent,
        "A B C D",
        (*by("B"), Line("C", "answered", "B"), Line("D", "answered", "B", queue="R")),
        "B available, B in R available",
    ),
    Row("do not disturb", do_not_disturb, "A B C", by("B"), BOTH),
    Row(
        "switched while it rings",
        switched_while_ringing,
        "A B C D",
        by("D"),
        "B paused, C logged_out, D logged_out",
    ),
    Row(
        "busy elsewhere",
        busy_elsewhere,
        "A B",
        (*by("B"), Line("B", "abandoned", queue="R")),
        "B available",
    ),
]
