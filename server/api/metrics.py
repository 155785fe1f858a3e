"""Prometheus metrics, read from the owners of the numbers at each scrape."""

from collections import Counter
from collections.abc import Iterator, Mapping

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

import server
from server.api.deps import Administrator, Services, ServicesDep
from server.contract.agents import AgentState
from server.contract.mail import MailState
from server.services.mail_smtp import Fate

router = APIRouter(tags=["system"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(_: Administrator, services: ServicesDep) -> Response:
    """Numbers for Prometheus (text format)."""
    mails = await services.mail.outbox.counts()
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(_Collector(services, mails))
    return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Collector:
    """The server's own numbers."""

    def __init__(self, services: Services, mails: Mapping[MailState, int]) -> None:
        self._services = services
        self._mails = mails

    def collect(self) -> Iterator[Metric]:
        """One family after the other."""
        services = self._services
        yield InfoMetricFamily("linkus_server", "The server.", value={"version": server.__version__})
        yield _gauge("linkus_switch_up", "1 if the telephony engine runs.", int(services.switch.status.up))
        yield _gauge("linkus_legs", "SIP dialogs in progress.", len(services.switch.legs()))
        yield _gauge("linkus_bridges", "Mixing bridges in use.", len(services.switch.bridges()))
        yield _gauge("linkus_calls", "Calls in progress.", len(services.calls.active()))
        yield _gauge(
            "linkus_extensions_registered", "Extensions with at least one phone.", services.states.registered
        )
        yield _gauge("linkus_phones_registered", "Registered phones.", services.states.phones)
        yield _gauge("linkus_event_subscribers", "Live connections of clients.", services.hub.subscribers)
        yield _gauge(
            "linkus_call_log_pending", "Calls waiting to be written to the log.", services.call_log.pending
        )
        yield CounterMetricFamily(
            "linkus_call_log_lost", "Calls that could not be written.", value=services.call_log.lost
        )
        acd = services.queues.acd
        waiting = GaugeMetricFamily("linkus_queue_waiting", "Callers who wait.", labels=["queue"])
        agents = GaugeMetricFamily("linkus_queue_agents", "Agents by state.", labels=["queue", "state"])
        states = Counter(
            (number, member.state)
            for number, line in acd.floor.lines.items()
            for member in line.members.values()
        )
        for number, line in sorted(acd.floor.lines.items()):
            waiting.add_metric([number], len(line.callers))
            for state in AgentState:
                agents.add_metric([number, state], states[number, state])
        yield waiting
        yield agents
        yield _gauge("linkus_sip_blocked_addresses", "Addresses refused unseen.", len(services.guard.blocked))
        logins = CounterMetricFamily("linkus_logins", "Logins, by outcome.", labels=["outcome"])
        for outcome in ("succeeded", "refused", "locked", "rate_limited"):
            logins.add_metric([outcome], services.auth.counts[outcome])
        yield logins
        refused = CounterMetricFamily("linkus_sip_refused", "Refused SIP requests.", labels=["kind"])
        for kind, count in services.guard.refused.items():
            refused.add_metric([kind.value], count)
        yield refused
        yield from self._mail()

    def _mail(self) -> Iterator[Metric]:
        mail = self._services.mail
        yield _gauge("linkus_mail_up", "0 if the mail server cannot be used.", int(not mail.problem))
        outbox = GaugeMetricFamily("linkus_mails", "Mails in the outbox, by state.", labels=["state"])
        for state, count in self._mails.items():
            outbox.add_metric([state.value], count)
        yield outbox
        tries = CounterMetricFamily("linkus_mail_tries", "Tries to send a mail.", labels=["outcome"])
        for fate in Fate:
            tries.add_metric([fate.value], mail.counts[fate])
        yield tries
        yield CounterMetricFamily(
            "linkus_mails_not_taken", "Mails that the outbox has not taken.", value=mail.outbox.refused
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)
