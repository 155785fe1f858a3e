"""A mixing bridge on Asterisk."""

from typing import TYPE_CHECKING, cast

from server.switch.asterisk.legs import AsteriskLeg
from server.switch.port import Bridge, BridgeRecording, Leg

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control


class AsteriskBridge(Bridge):
    """See `Bridge`. Made by the switch."""

    def __init__(self, control: "Control", bridge_id: str, legs: frozenset[str] = frozenset()) -> None:
        self.id = bridge_id
        self.legs = legs
        self.closed = False
        self._control = control

    def __repr__(self) -> str:
        return f"<bridge {self.id} of {len(self.legs)}>"

    async def add(self, *legs: Leg) -> None:
        """See `Bridge.add`."""
        for leg in legs:
            cast("AsteriskLeg", leg).check()
        await self._control.add_to_bridge(self, [cast("AsteriskLeg", leg) for leg in legs])

    async def remove(self, *legs: Leg) -> None:
        """See `Bridge.remove`."""
        await self._control.remove_from_bridge(self, [cast("AsteriskLeg", leg) for leg in legs])

    async def record(self, name: str) -> BridgeRecording:
        """See `Bridge.record`."""
        return await self._control.recordings.record_bridge(self.id, name)

    async def recording(self, name: str) -> BridgeRecording | None:
        """See `Bridge.recording`."""
        return await self._control.recordings.take_over(name)

    async def close(self) -> None:
        """See `Bridge.close`."""
        if not self.closed:
            self.closed = True
            await self._control.close_bridge(self.id)
