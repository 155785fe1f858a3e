"""The lamps of the simulated switch: requests to the engine's board."""

from typing import TYPE_CHECKING

from server.switch.port import Lamp, LampBoard, LampPanel, LampState, MessagesWaiting

if TYPE_CHECKING:
    from server.switch.simulated.switch import SimulatedSwitch


class SimulatedLamps(LampPanel):
    """See `LampPanel`."""

    def __init__(self, switch: "SimulatedSwitch") -> None:
        self._switch = switch

    async def declare(self, board: LampBoard) -> None:
        """See `LampPanel.declare`."""
        await self._switch.request(lambda: self._switch.engine.board.declare(board))

    async def show(self, lamp: Lamp, state: LampState) -> None:
        """See `LampPanel.show`."""
        await self._switch.request(lambda: self._switch.engine.board.show(lamp, state))

    async def tell_messages(self, box: str, waiting: MessagesWaiting) -> None:
        """See `LampPanel.tell_messages`."""
        await self._switch.request(lambda: self._switch.engine.board.tell(box, waiting))
