"""What an agent's key shows: logged in or not, paused or not, in one queue or in all together (Q-11)."""

from datetime import datetime
from typing import TYPE_CHECKING

from linkus_desktop.ui.agents.words import paused_words
from linkus_desktop.ui.lamps import Lamp
from linkus_desktop.ui.texts import absolute, since
from server.contract.agents import AgentStatus
from server.contract.keys import ALL_QUEUES, FunctionKey, KeyType

if TYPE_CHECKING:
    from linkus_desktop.ui.keys.sources import Sources

Shown = tuple[Lamp, str, str, datetime | None]
"""Lamp, word, what is told, and since when where that matters."""


def agent_face(key: FunctionKey, there: "Sources", where: str, now: datetime) -> Shown:
    """`where` is the queue's name, or "all queues"."""
    if not there.queues.known:
        return Lamp.UNKNOWN, Lamp.UNKNOWN.word, f"{where}: not told yet", None
    meant = there.queues_meant(key.value)
    if not meant:
        told = f"You are no agent of {'any queue' if key.value == ALL_QUEUES else where} any more"
        return Lamp.UNKNOWN, "Not an agent", told, None
    if there.queues.busy("" if key.value == ALL_QUEUES else key.value):
        return Lamp.OFF, "Changing…", f"{where}: the server is asked", None
    if key.type is KeyType.AGENT_LOGIN:
        return _log_in(where, meant)
    return _pause(where, [one for one in meant if one.logged_in], now)


def _log_in(where: str, meant: list[AgentStatus]) -> Shown:
    logged_in = [one for one in meant if one.logged_in]
    if not any(one.dynamic for one in meant):
        told = f"You are a static agent of {where}: you are always logged in"
        return Lamp.ON, "Always logged in", told, None
    if not any(one.dynamic for one in logged_in):
        return Lamp.OFF, "Logged out", f"Click to log in to {where}", None
    few = f" ({len(logged_in)} of {len(meant)})" if len(logged_in) < len(meant) else ""
    return Lamp.ON, f"Logged in{few}", f"You are logged in to {where}{few}. Click to log out.", None


def _pause(where: str, logged_in: list[AgentStatus], now: datetime) -> Shown:
    paused = [one for one in logged_in if one.paused]
    if not logged_in:
        return Lamp.OFF, "Logged out", f"You are not logged in to {where}", None
    if not paused:
        return Lamp.OFF, "Not paused", f"Click to pause in {where}", None
    reasons = {one.reason for one in paused}
    reason = reasons.pop() if len(reasons) == 1 else ""
    word = paused_words(reason)
    at = max(one.since for one in paused)
    told = f"{word} in {where} since {absolute(at)} ({since(at, now)}). Click to resume."
    if len(paused) < len(logged_in):
        return Lamp.PAUSED, f"{word} ({len(paused)} of {len(logged_in)})", told, None
    return Lamp.PAUSED, word, told, at
