"""Who is at the other end of a local socket: it carries orders to make calls, which only the user may give.

The socket's own access rights say so already; but its name can be guessed, and a folder for temporary
files is everybody's. So each end also asks the system for the other's user.
"""

import os
import socket
import struct
import sys

_MAC_LEVEL, _MAC_PEERCRED = 0, 1
"""SOL_LOCAL and LOCAL_PEERCRED of unix(4)."""
_MAC_HEAD = struct.Struct("II")
_LINUX = struct.Struct("3i")


def is_same_user(descriptor: int) -> bool:
    """Whether the process at the other end of this connected socket is of the user that runs this one.

    On Windows, where the pipe's access list is all there is, this is always so.
    """
    if sys.platform == "win32":
        return True
    with socket.socket(fileno=os.dup(descriptor)) as connected:
        try:
            return _user(connected) == os.geteuid()
        except OSError:  # it is gone already
            return False


def _user(connected: socket.socket) -> int:
    if sys.platform == "darwin":
        head = connected.getsockopt(_MAC_LEVEL, _MAC_PEERCRED, 128)
        return int(_MAC_HEAD.unpack_from(head)[1])
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _LINUX.size)
    return int(_LINUX.unpack(credentials)[1])
