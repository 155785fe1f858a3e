"""WebSockets that may be written to directly, past ASGI.

ASGI's `send` is a coroutine through half a dozen layers: where one change goes to 500 clients, those layers
cost as much as TLS and the network. A connection of this class is offered to the application as the extension
`DIRECT` of its scope (ASGI 3.0, "Extensions"); where that is missing, as under another server, `send` is all
there is.
"""

from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

DIRECT = "linkus.direct"
"""In `scope["extensions"]`: a `server.services.subscriber.Direct`, good from the handshake to the end."""


class DirectWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol, and `Direct`."""

    def handle_connect(self, event: Request) -> None:
        """As uvicorn does; the application's task, which gets the scope, runs later."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[DIRECT] = self

    def ready(self) -> bool:
        """Whether it is open, and the network has taken what was sent before."""
        return (
            self.handshake_complete
            and self.conn.state is State.OPEN
            and self.writable.is_set()
            and not (self.close_sent or self.disconnected or self.transport.is_closing())
        )

    def send_now(self, texts: Iterable[str]) -> None:
        """Hand messages to the network, all at once. Only while it is `ready`."""
        for text in texts:
            self.conn.send_text(text.encode())
        self.transport.write(b"".join(self.conn.data_to_send()))
