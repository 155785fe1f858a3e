"""What is done for a phone that has dialled a feature code (CODE-1)."""

from dataclasses import dataclass

from server.contract.features import Feature
from server.contract.monitoring import MonitoringMode
from server.flows.agent_codes import AgentCodes
from server.flows.desk import Desk, Pickable
from server.flows.extension_call import ExtensionCall
from server.flows.goals import settler
from server.flows.monitoring import Monitors
from server.flows.phone_settings import FORWARD, FORWARD_OFF, PhoneSettings
from server.flows.secretaries import Secretaries
from server.flows.spoken import do_and_tell
from server.rules.features import FeatureCall, Retrieval
from server.rules.outcomes import Ending
from server.services.directory import Directory

MODES = {
    Feature.LISTEN: MonitoringMode.LISTEN,
    Feature.WHISPER: MonitoringMode.WHISPER,
    Feature.BARGE: MonitoringMode.BARGE,
}


PICK_UPS = (Feature.GROUP_PICKUP, Feature.DIRECTED_PICKUP)

SETTINGS = frozenset(
    {
        *FORWARD,
        *FORWARD_OFF,
        Feature.DO_NOT_DISTURB,
        Feature.DO_NOT_DISTURB_OFF,
        Feature.PRESENCE,
        Feature.TIME_CONDITION,
    }
)


AGENTS = frozenset(
    {
        Feature.QUEUE_LOG_IN_ALL,
        Feature.QUEUE_LOG_IN_LAST,
        Feature.QUEUE_LOG_OUT_ALL,
        Feature.QUEUE_LOG,
        Feature.QUEUE_PAUSE,
    }
)


@dataclass(frozen=True, slots=True)
class Features:
    """Carries out feature codes. A call for one is logged only if nothing comes of it."""

    desk: Desk
    directory: Directory
    monitors: Monitors
    settings: PhoneSettings
    secretaries: Secretaries
    agents: AgentCodes

    async def carry_out(self, call: ExtensionCall, wanted: FeatureCall | Retrieval) -> None:
        """Do what the caller wants, or refuse it."""
        if isinstance(wanted, FeatureCall) and wanted.feature in MODES:
            await self.monitors.monitor(call, wanted.number, MODES[wanted.feature])
            return
        if isinstance(wanted, FeatureCall) and wanted.feature is Feature.BOSS_SECRETARY:
            await self.secretaries.carry_out(call, wanted.number, settler(call, wanted))
            return
        if isinstance(wanted, FeatureCall) and wanted.feature in SETTINGS:
            await do_and_tell(call, lambda: self.settings.carry_out(call.caller.number, wanted))
            return
        if isinstance(wanted, FeatureCall) and wanted.feature in AGENTS:
            settle = settler(call, wanted)
            await do_and_tell(call, lambda: self.agents.carry_out(call.caller.number, wanted, settle))
            return

        def lost() -> None:
            call.live.begun()
            call.live.ended(Ending.NOTHING_THERE)

        if isinstance(wanted, Retrieval):
            done = self.desk.lot.take(wanted.slot, call.caller, lost)
        else:
            reach = self._within_reach(call, wanted)
            done = any(ringing.pick_up(call.caller, lost) for ringing in reach)
        if not done:
            call.live.begun()
            await call.refuse(Ending.NOTHING_THERE)

    def finds(self, call: ExtensionCall, wanted: FeatureCall | Retrieval) -> bool:
        """Whether the call is there that the caller wants to take; True where none is wanted."""
        if isinstance(wanted, Retrieval):
            return any(parked.slot == wanted.slot for parked in self.desk.lot.calls())
        if wanted.feature is Feature.BOSS_SECRETARY:
            return self.secretaries.finds(call, wanted.number)
        return wanted.feature not in PICK_UPS or bool(self._within_reach(call, wanted))

    def _within_reach(self, call: ExtensionCall, wanted: FeatureCall) -> list[Pickable]:
        """The calls that may be picked up, the longest first; never one's own."""
        if wanted.feature not in PICK_UPS:
            return []
        own = call.caller.number
        others = [ringing for ringing in self.desk.ringing() if ringing.caller.number != own]
        if wanted.feature is Feature.DIRECTED_PICKUP:
            return [one for one in others if one.is_at(wanted.number, own)]
        return [one for one in others if any(self._are_colleagues(own, number) for number in one.callees)]

    def _are_colleagues(self, number: str, other: str) -> bool:
        """Whether both are in one extension group, or are the same extension."""
        one, two = self.directory.get(number), self.directory.get(other)
        if one is None or two is None:
            return False
        return number == other or not set(one.groups).isdisjoint(two.groups)
