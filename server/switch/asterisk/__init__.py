"""The switch on a private Asterisk."""

from server.switch.asterisk.supervisor import AsteriskSettings
from server.switch.asterisk.switch import AsteriskSwitch

__all__ = ["AsteriskSettings", "AsteriskSwitch"]
