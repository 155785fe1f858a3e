"""Many clients in one process, for `benchmarks.lamps`: `python -m benchmarks.lamp_watchers`.

Told what to do by lines of JSON on standard input, it answers each with one on standard output. Each client
is a WebSocket that follows the topic `extensions`; a few of them read what they get, as a client does, the
others only receive it. As hundreds share this one process, what is read was often there for a while: the
kernel tells since when.
"""

import asyncio
import json
import resource
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import aiohttp

_STAMP = struct.Struct("@qq")
_SO_TIMESTAMPNS = 35
"""Linux, socket(7): each segment is stamped when the network hands it to the kernel."""


class _StampedSocket(socket.socket):
    """Knows since when the kernel had the last bytes that were received, on the monotonic clock."""

    arrived = 0.0

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As any socket; asyncio receives by this."""
        room = memoryview(buffer)[:nbytes] if nbytes else buffer
        got, ancillary, *_ = self.recvmsg_into([room], socket.CMSG_SPACE(_STAMP.size), flags)
        for level, kind, data in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                seconds, nanoseconds = _STAMP.unpack_from(data)
                self.arrived = seconds + nanoseconds / 1e9 - time.time() + time.monotonic()
        return got


def _stamped(address: Any) -> socket.socket:
    family, kind, protocol, *_ = address
    made = _StampedSocket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return made


@dataclass(slots=True)
class Client:
    """One client. `mirror` is what it shows: whether each extension is registered.

    `seen`: an extension, whether it is registered, when that was read, and since when the kernel had it.
    """

    token: str
    reads: bool
    mirror: dict[str, bool | None] = field(default_factory=dict)
    seen: list[tuple[str, bool | None, float, float]] = field(default_factory=list)
    frames: int = 0
    seq: int = 0
    gaps: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


class Clients:
    """All of them, at one server."""

    def __init__(self, url: str, fingerprint: str, tokens: list[str], readers: int) -> None:
        self._url = url
        self._pin = aiohttp.Fingerprint(bytes.fromhex(fingerprint))
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._pin, limit=0, socket_factory=_stamped)
        )
        # Spread over all, the last one among them: a change is told to one after the other.
        step = len(tokens) // readers
        self.clients = [Client(token, at % step == step - 1) for at, token in enumerate(tokens)]

    async def connect(self, clients: list[Client]) -> None:
        """Open their connections anew, and wait until each has its snapshot."""
        for client in clients:
            if client.task is not None:
                client.task.cancel()
                await asyncio.gather(client.task, return_exceptions=True)
            client.ready.clear()
            client.task = asyncio.create_task(self._follow(client))
            if clients.index(client) % 20 == 19:
                await client.ready.wait()
        await asyncio.gather(*(client.ready.wait() for client in clients))

    async def _follow(self, client: Client) -> None:
        headers = {"Authorization": f"Bearer {client.token}"}
        async with self._session.ws_connect(self._url, headers=headers, max_msg_size=0) as websocket:
            await websocket.send_json({"type": "subscribe", "topics": ["extensions"]})
            async for message in websocket:
                client.frames += 1
                if client.reads or not client.ready.is_set():
                    now, arrived = time.monotonic(), _arrived(websocket)
                    for line in message.data.split("\n"):
                        self._take(client, json.loads(line), now, arrived)
                client.ready.set()

    @staticmethod
    def _take(client: Client, told: dict[str, Any], now: float, arrived: float) -> None:
        if told["type"] == "snapshot":
            client.mirror = {number: item["registered"] for number, item in told["items"].items()}
        else:
            client.gaps += told["seq"] != client.seq + 1
            client.mirror[told["key"]] = told["item"]["registered"]
            client.seen.append((told["key"], told["item"]["registered"], now, arrived))
        client.seq = told["seq"]

    async def aclose(self) -> None:
        """Disconnect all."""
        tasks = [client.task for client in self.clients if client.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._session.close()

    def report(self) -> dict[str, Any]:
        """What the readers saw since the last report, what they show, and what all of this cost."""
        readers = [client for client in self.clients if client.reads]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        answer = {
            "seen": [client.seen for client in readers],
            "mirrors": [client.mirror for client in readers],
            "gaps": sum(client.gaps for client in readers),
            "frames": sum(client.frames for client in self.clients),
            "connected": sum(client.task is not None and not client.task.done() for client in self.clients),
            "cpu_s": usage.ru_utime + usage.ru_stime,
        }
        for client in self.clients:
            client.seen, client.frames = [], 0
        return answer


def _arrived(websocket: aiohttp.ClientWebSocketResponse) -> float:
    """Since when the kernel had what was read last. asyncio wraps the socket: for its file there is one."""
    wrapped = websocket.get_extra_info("socket")
    stamped: _StampedSocket = wrapped._sock
    return stamped.arrived


async def main() -> None:
    """Serve the orders, until standard input ends."""
    loop = asyncio.get_running_loop()
    first = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    clients = Clients(first["url"], first["fingerprint"], first["tokens"], first["readers"])
    await clients.connect(clients.clients)
    print(json.dumps({"connected": len(clients.clients)}), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        if order["do"] == "reconnect":
            await clients.connect([one for one in clients.clients if one.reads][: order["count"]])
            print("{}", flush=True)
        else:
            print(json.dumps(clients.report()), flush=True)
    await clients.aclose()


if __name__ == "__main__":
    asyncio.run(main())
