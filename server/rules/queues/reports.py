"""Sums over the logs of queues and agents (Q-12). Nothing is counted elsewhere, so sums and logs agree."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from server.contract.agents import AgentChange, AgentReport, AgentState, QueueCall, QueueEnd, QueueReport
from server.contract.base import Reply


def queue_report(
    calls: Iterable[QueueCall], queue: str, since: datetime, until: datetime, *, service_level_s: float
) -> QueueReport:
    """The calls that joined `queue` from `since` until before `until`."""
    mine = [call for call in calls if call.queue == queue and since <= call.joined < until]
    answered = [call for call in mine if call.end is QueueEnd.ANSWERED]
    abandoned = [call for call in mine if call.end is QueueEnd.ABANDONED]
    in_time = sum(call.waited_s <= service_level_s for call in answered)
    abandoned_in_time = sum(call.waited_s <= service_level_s for call in abandoned)
    return QueueReport(
        queue=queue,
        since=since,
        until=until,
        calls=len(mine),
        answered=len(answered),
        abandoned=len(abandoned),
        failed_over=sum(call.end is QueueEnd.FAILED_OVER for call in mine),
        left=sum(call.end is QueueEnd.LEFT for call in mine),
        picked_up=sum(call.end is QueueEnd.PICKED_UP for call in mine),
        missed=sum(len(call.missed) for call in mine),
        in_time=in_time,
        abandoned_in_time=abandoned_in_time,
        service_level=in_time / len(answered) if answered else None,
        service_level_all=(in_time + abandoned_in_time) / len(mine) if mine else None,
        mean_wait_s=_mean([call.waited_s for call in mine]),
        longest_wait_s=max((call.waited_s for call in mine), default=0.0),
        mean_answer_s=_mean([call.waited_s for call in answered]),
        mean_talk_s=_mean([call.talked_s for call in answered]),
    )


def by_interval(
    calls: Iterable[QueueCall],
    queue: str,
    since: datetime,
    until: datetime,
    *,
    step: timedelta,
    service_level_s: float,
) -> list[QueueReport]:
    """One report for each `step` from `since`; the last one may be shorter."""
    if step <= timedelta():
        raise ValueError("an interval lasts longer than nothing")
    joined: defaultdict[int, list[QueueCall]] = defaultdict(list)
    for call in calls:
        joined[(call.joined - since) // step].append(call)
    return [
        queue_report(
            joined[place],
            queue,
            since + place * step,
            min(since + (place + 1) * step, until),
            service_level_s=service_level_s,
        )
        for place in range(-((since - until) // step))
    ]


def agent_reports(
    changes: Iterable[AgentChange], calls: Iterable[QueueCall], since: datetime, until: datetime
) -> list[AgentReport]:
    """What each agent did in each queue. `changes`: from each one's beginning, in the order of time.

    Calls count where they were answered, and missed ones where the caller joined, from `since` until before
    `until`.
    """
    seconds: dict[tuple[str, str], dict[AgentState, float]] = {}
    last: dict[tuple[str, str], AgentChange] = {}
    for change in changes:
        key = change.queue, change.extension
        if (before := last.get(key)) is not None:
            _spend(seconds[key], before, since, min(change.at, until))
        seconds.setdefault(key, dict.fromkeys(AgentState, 0.0))
        last[key] = change
    for key, change in last.items():
        _spend(seconds[key], change, since, until)
    answered: dict[tuple[str, str], list[float]] = defaultdict(list)
    missed: dict[tuple[str, str], int] = defaultdict(int)
    for call in calls:
        if call.agent is not None and call.end is QueueEnd.ANSWERED and since <= call.left < until:
            answered[call.queue, call.agent].append(call.talked_s)
        for extension in call.missed if since <= call.joined < until else ():
            missed[call.queue, extension] += 1
    return [
        AgentReport(
            queue=key[0],
            extension=key[1],
            since=since,
            until=until,
            answered=len(answered[key]),
            missed=missed[key],
            talk_s=sum(answered[key]),
            seconds=spent,
        )
        for key, spent in sorted(seconds.items())
    ]


def _spend(spent: dict[AgentState, float], change: AgentChange, since: datetime, until: datetime) -> None:
    """From this change until then the agent was in the state after it."""
    time = (until - max(change.at, since)).total_seconds()
    if change.after is not None and time > 0:
        spent[change.after] += time


def as_csv(reports: Sequence[Reply]) -> str:
    """The reports as CSV (RFC 4180): a header of their fields, a line for each; nothing for no reports."""
    if not reports:
        return ""
    rows = [_flat(report.model_dump(mode="json")) for report in reports]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _flat(row: dict[str, object]) -> dict[str, object]:
    """`{"seconds": {"talking": 3}}` becomes `{"talking_s": 3}`."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= {f"{key}_s": inner for key, inner in value.items()}
        else:
            flat[name] = value
    return flat


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
