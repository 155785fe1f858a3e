"""Which digits a phone has sent, by what the manager interface tells.

Asterisk puts a digit back that came less than 45 ms after another one, and tells of its end once more when
it takes it up again; so the REST interface, which tells of ends only, tells of it twice. The beginning is
told once, and in order: seen with digits 40 ms apart. So a digit counts when it begins. Only digits in INFO
requests have no beginning: they count when they end, on a leg that has not sent any of the other kind.
"""

from server.switch.asterisk.ami import Message
from server.switch.asterisk.legs import AsteriskLeg

BEGIN, END = "DTMFBegin", "DTMFEnd"
EVENTS = (BEGIN, END)


def digit_of(message: Message, leg: AsteriskLeg) -> str | None:
    """The digit that a manager event about a leg brings; None if it brings none."""
    if message.get("Direction") != "Received":
        return None
    if message["Event"] == BEGIN:
        leg.sends_telephone_events = True
    elif leg.sends_telephone_events:
        return None
    return message.get("Digit") or None


def is_release(message: Message) -> bool:
    """Whether a manager event tells that a phone's key is pressed no longer."""
    return message["Event"] == END and message.get("Direction") == "Received"
