"""Who hears whom in the simulation."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.switch.port import Spying, SwitchUnavailable, Whisper

if TYPE_CHECKING:
    from server.switch.simulated.engine import SimulatedEngine
    from server.switch.simulated.legs import Connection


@dataclass(frozen=True, slots=True)
class Spy:
    """A listener at a leg, both by the ids of their dialogs; `by`: the connection that has begun it."""

    leg: str
    listener: str
    whisper: Whisper
    by: object = None


def heard_by(engine: "SimulatedEngine", dialog_id: str) -> set[str]:
    """Ids of the dialogs whose phones this one's phone hears now."""
    voices = _together(engine, dialog_id)
    for spy in engine.spies:
        if spy.leg not in engine.dialogs or spy.listener not in engine.dialogs:
            continue
        others = _together(engine, spy.leg)
        if spy.listener == dialog_id:
            voices |= {spy.leg} | others
        elif (dialog_id == spy.leg and spy.whisper is not Whisper.NOBODY) or (
            dialog_id in others and spy.whisper is Whisper.ALL
        ):
            voices.add(spy.listener)
    return voices


def _together(engine: "SimulatedEngine", dialog_id: str) -> set[str]:
    """Those in the same bridge."""
    return {
        other
        for members in engine.bridges.values()
        if dialog_id in members
        for other in members
        if other != dialog_id
    }


class SimulatedSpying(Spying):
    """See `Spying`."""

    def __init__(self, switch: "Connection", spy: Spy) -> None:
        self._switch = switch
        self._spy = spy

    async def stop(self) -> None:
        """See `Spying.stop`."""
        try:
            await self._switch.request(self._end)
        except SwitchUnavailable:
            return

    def _end(self) -> None:
        if self._spy in self._switch.engine.spies:
            self._switch.engine.spies.remove(self._spy)
