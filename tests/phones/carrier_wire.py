"""The carrier's end of SIP over TCP and TLS: it listens, and the PBX connects."""

import asyncio
import ssl
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from server.services import certificate
from tests.phones.phone import Transport
from tests.phones.sipscript import Wire


class ListeningWire(Wire):
    """A SIP socket that others connect to. What is sent goes over the connection that was made last."""

    def __init__(self, transport: Transport, *, address: str, port: int) -> None:
        super().__init__("", 0, transport, address=address, own_port=port)
        self._listener: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Take the own port."""
        context = _context(self.address) if self.transport == "tls" else None
        self._listener = await asyncio.start_server(self._take, self.address, self._own_port, ssl=context)
        self.port = self._own_port

    async def close(self) -> None:
        """Give the port back, and cut all connections."""
        if self._listener:
            self._listener.close()
        connections, self._connections, self._writer = self._connections, set(), None
        for connection in connections:
            connection.transport.abort()
        await asyncio.gather(
            *(connection.wait_closed() for connection in connections), return_exceptions=True
        )

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        self._writer = writer
        await self._read(reader)
        self._connections.discard(writer)
        if self._writer is writer:
            self._writer = next(iter(self._connections), None)
        writer.transport.abort()


def _context(address: str) -> ssl.SSLContext:
    """A certificate that nobody vouches for, as carriers have them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="carrier-") as folder:
        pem, key = Path(folder) / "carrier.pem", Path(folder) / "carrier.key"
        certificate.make(pem, key, hosts=[address], now=datetime.now(UTC))
        context.load_cert_chain(pem, key)
    return context
