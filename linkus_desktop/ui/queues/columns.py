"""What the tables of the boards say."""

from datetime import datetime

from linkus_desktop.pbx.queue_boards import QueueBoards
from linkus_desktop.ui.agents.words import WORDS, agent_words, lamp_of_agent, what_follows
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.queues.rows import Column
from linkus_desktop.ui.texts import absolute, duration
from server.contract.agents import AgentState, AgentStatus, WaitingCaller
from server.contract.queue_board import QueueBoard


def passed(since: datetime | None, now: datetime) -> str:
    """How long that has been so; "" for never."""
    return duration((now - since).total_seconds()) if since is not None else ""


def share(level: float | None) -> str:
    """A share in per cent; `–` where there is none."""
    return "–" if level is None else f"{level:.0%}"


def name(board: QueueBoard) -> str:
    """How a queue is called."""
    return f"{board.name} ({board.queue})" if board.name else board.queue


def too_long(board: QueueBoard, now: datetime) -> bool:
    """Whether somebody has waited longer than the service level allows."""
    since = board.longest_since
    return since is not None and (now - since).total_seconds() > board.service_level_s


def agents_in_words(board: QueueBoard) -> str:
    """How many agents are in each state: `2 available · 1 in a call`; those who could work first."""
    found = [(state, board.agents.get(state, 0)) for state in _ORDER]
    words = [f"{count} {WORDS[state].lower()}" for state, count in found if count]
    return " · ".join(words) or "No agents"


_ORDER = (
    AgentState.AVAILABLE,
    AgentState.RINGING,
    AgentState.TALKING,
    AgentState.WRAP_UP,
    AgentState.BUSY_ELSEWHERE,
    AgentState.PAUSED,
    AgentState.UNREACHABLE,
    AgentState.LOGGED_OUT,
)


def queue_columns(boards: QueueBoards) -> tuple[Column[QueueBoard], ...]:
    """Of the table of queues. What runs on is not told while nobody knows whether it still does."""
    return (
        Column("Queue", lambda board, _: name(board), 216, 112, sort=lambda board: board.queue),
        Column("Waiting", lambda board, _: str(board.waiting), 72, 64, sort=lambda board: board.waiting),
        Column(
            "Longest wait",
            lambda board, now: passed(board.longest_since, now) if boards.known else "",
            112,
            96,
            sort=lambda board: -board.longest_since.timestamp() if board.longest_since else 0.0,
            runs=True,
            warns=lambda board, now: boards.known and too_long(board, now),
            tip=lambda board: f"An answer within {board.service_level_s} s is in time",
        ),
        Column(
            "Service level",
            lambda board, _: share(board.today.service_level),
            104,
            104,
            sort=lambda board: -1.0 if board.today.service_level is None else board.today.service_level,
            tip=lambda board: (
                f"Of today's answered calls, those answered within {board.service_level_s} s; "
                f"of all calls, answered or abandoned within it: {share(board.today.service_level_all)}"
            ),
        ),
        Column(
            "Answered", lambda board, _: str(board.today.answered), 80, 80, sort=lambda b: b.today.answered
        ),
        Column(
            "Abandoned", lambda board, _: str(board.today.abandoned), 88, 88, sort=lambda b: b.today.abandoned
        ),
        Column(
            "Agents",
            lambda board, _: agents_in_words(board),
            320,
            120,
            sort=lambda board: -board.agents.get(AgentState.AVAILABLE, 0),
        ),
    )


def caller_columns(boards: QueueBoards) -> tuple[Column[WaitingCaller], ...]:
    """Of the callers who wait."""
    return (
        Column("Place", lambda one, _: str(one.position), 64, 64, sort=lambda one: one.position),
        Column(
            "Caller",
            lambda one, _: one.name or one.number or "Unknown caller",
            144,
            80,
            tip=lambda one: one.number,
        ),
        Column("Number", lambda one, _: one.number, 136, 112),
        Column(
            "Waiting",
            lambda one, now: passed(one.since, now) if boards.known else "",
            80,
            72,
            sort=lambda one: one.since.timestamp(),
            runs=True,
            tip=lambda one: f"Since {absolute(one.since)}",
        ),
        Column("Rings at", lambda one, _: ", ".join(map(boards.name_of, one.ringing)), 96, 72),
    )


def agent_columns(boards: QueueBoards) -> tuple[Column[AgentStatus], ...]:
    """Of the agents of a queue."""

    def state(one: AgentStatus) -> str:
        if boards.busy(one.queue, one.extension):
            return "Changing…"
        then = what_follows(one)
        words = agent_words(one.state if boards.known else None, one.reason)
        return f"{words}, {then}" if then and boards.known else words

    def lamp(one: AgentStatus) -> Lamp:
        return lamp_of_agent(one.state if boards.known else None)

    return (
        Column("Agent", lambda one, _: boards.name_of(one.extension), 152, 96, lamp=lamp),
        Column("Extension", lambda one, _: one.extension, 88, 80),
        Column(
            "State",
            lambda one, _: state(one),
            152,
            96,
            sort=lambda one: _ORDER.index(one.state),
            tip=lambda one: "" if one.dynamic else "Static agent: always logged in",
        ),
        Column(
            "For",
            lambda one, now: passed(one.since, now) if boards.known else "",
            80,
            72,
            sort=lambda one: one.since.timestamp(),
            runs=True,
            tip=lambda one: f"Since {absolute(one.since)}",
        ),
    )
