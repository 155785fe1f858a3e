"""The state of the line to the server."""

from enum import Enum


class ConnectionState(Enum):
    """What the window shows about the line to the server."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"
    """Lost; it is being tried again."""
    ENDED = "ended"
    """The session is over."""
