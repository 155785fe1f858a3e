"""A switch without SIP: deterministic, in the loop's (virtual) time, with phones that do as told.

engine = SimulatedEngine()
switch = SimulatedSwitch(engine)
anna = engine.phone("1001", Behaviour.answers(after_s=2))
carrier = engine.carrier("main")
"""

from server.switch.simulated.carrier import Carrier
from server.switch.simulated.engine import SimulatedEngine
from server.switch.simulated.phones import Behaviour, Dialog, Phone
from server.switch.simulated.switch import SimulatedSwitch

__all__ = ["Behaviour", "Carrier", "Dialog", "Phone", "SimulatedEngine", "SimulatedSwitch"]
