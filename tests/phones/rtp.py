"""An RTP end point of our own: says a tone, records what arrives (RFC 3550, 3551, 4733)."""

import asyncio
import random
import struct
import time
from dataclasses import dataclass

import numpy as np

from tests.phones import g711
from tests.phones.ports import LOOPBACK, free_ports
from tests.phones.sound import Samples, Sound, silence, tone
from tests.phones.waiting import until

PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9}
TELEPHONE_EVENT = 101

_RATE = 8000
_FRAME = 160
_FRAME_S = 0.02
_EVENTS = "0123456789*#ABCD"
_RESYNC_SAMPLES = 1600
"""A time stamp further than this from the moment of arrival starts anew (a new source, an end of hold)."""
_BEAT_S = 0.01
_PAUSE_BEATS = 20
"""Between packets that follow each other there was a pause if we looked so often and found nothing. Fewer
looks say that we were not run meanwhile, and found the packets late."""


@dataclass(slots=True)
class _Stream:
    """Where samples of one source are placed: sample `timestamp` sounds at `position`.

    `sequence` and `clock`: the packet that comes next if none is missing; `beats`: looks until the last one.
    """

    timestamp: int
    position: int
    sequence: int
    clock: int
    beats: int


class RtpPort(asyncio.DatagramProtocol):
    """One RTP socket, both ways, in G.711.

    Attributes:
        port: where it listens on the loopback address.
        codec: PCMA or PCMU, for what it sends.
        digits: telephone events received.
        packets: audio packets received.
    """

    def __init__(self) -> None:
        self.port = 0
        self.codec = "PCMA"
        self.digits = ""
        self.packets = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._sender: asyncio.Task[None] | None = None
        self._heard = np.zeros(_RATE, np.int16)
        self._heard_samples = 0
        self._streams: dict[int, _Stream] = {}
        self._began: float | None = None
        self._beats = 0
        self._beat: asyncio.TimerHandle | None = None
        self._event: int | None = None
        self._hz = 0.0
        self._ssrc = random.getrandbits(32)
        self._sequence = random.getrandbits(15)
        self._clock = random.getrandbits(31)
        self._event_clock = 0
        self._to_send: list[tuple[int, bool, int]] = []

    async def open(self) -> None:
        """Take a free port."""
        self.port = free_ports(2)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, (LOOPBACK, self.port))
        self._look()

    async def close(self) -> None:
        """Stop, and give the port back."""
        await self.stop_sending()
        if self._beat:
            self._beat.cancel()
        if self._transport:
            self._transport.close()
            self._transport = None

    def says(self, hz: float) -> None:
        """The tone to send; 0 is silence."""
        self._hz = hz

    def forget(self) -> None:
        """A new call: what was heard before is gone."""
        self._heard, self._heard_samples = np.zeros(_RATE, np.int16), 0
        self._streams, self._began = {}, None
        self.digits, self._event, self.packets = "", None, 0

    def heard(self) -> Sound:
        """All that was received, each packet where its time stamp puts it, silence where nothing came."""
        return Sound(self._heard[: self._heard_samples].copy(), _RATE)

    def now_ms(self) -> float:
        """Milliseconds since the first packet of the call."""
        return 0.0 if self._began is None else (time.monotonic() - self._began) * 1000

    async def send_to(self, host: str, port: int) -> None:
        """Send to this address from now on, 50 packets a second."""
        while self._sender:  # somebody else may have begun while we waited
            await self.stop_sending()
        self._sender = asyncio.create_task(self._send((host, port)), name="RTP sender")

    async def stop_sending(self) -> None:
        """Send no more (on hold, or after the call)."""
        if self._sender:
            sender, self._sender = self._sender, None
            sender.cancel()
            await asyncio.wait([sender])  # not `await sender`: who waits here may be cancelled, too

    def press(self, digits: str, *, ms: int = 100, pause_ms: int = 200, ends: int = 3) -> None:
        """Send digits as telephone events of `ms`, with so many `ends` packets and a pause after each.

        A person is no faster than the usual pause. Digits less than 45 ms apart are put back by Asterisk,
        which sends them on later; on a loaded machine 60 ms were not enough for that.
        """
        for digit in digits:
            code = _EVENTS.index(digit)
            self._to_send += [(code, False, 160 * n) for n in range(1, ms // 20 + 1)] + [
                (code, True, 8 * ms)
            ] * ends
            self._to_send += [(-1, False, 0)] * (pause_ms // 20)

    async def pressed(self) -> None:
        """Wait until all digits have been sent."""
        await until(lambda: not self._to_send, "all digits are sent")

    # asyncio.DatagramProtocol

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        now = time.monotonic()
        if len(data) < 12 or data[0] >> 6 != 2:
            return
        _, kind, sequence, timestamp, source = struct.unpack_from("!BBHII", data)
        payload = data[12 + 4 * (data[0] & 15) :]
        kind &= 0x7F
        if kind == TELEPHONE_EVENT and len(payload) >= 4:
            self._note_event(payload[0], timestamp)
        elif kind in (0, 8):
            self.packets += 1
            if self._began is None:
                self._began = now
            position = self._place(source, sequence, timestamp, len(payload), now - self._began)
            if position >= 0:
                self._keep(position, g711.decode("PCMU" if kind == 0 else "PCMA", payload))

    def error_received(self, exc: Exception) -> None:
        """The other end has closed its port: it hung up, which the signalling tells."""

    def _note_event(self, code: int, timestamp: int) -> None:
        if timestamp != self._event and code < len(_EVENTS):
            self._event = timestamp
            self.digits += _EVENTS[code]

    def _keep(self, position: int, piece: Samples) -> None:
        """What is heard is put together as it comes: others ask for all of it many times a second."""
        end = position + len(piece)
        if end > len(self._heard):
            grown = np.zeros(2 * end, np.int16)
            grown[: self._heard_samples] = self._heard[: self._heard_samples]
            self._heard = grown
        self._heard[position:end] = piece
        self._heard_samples = max(self._heard_samples, end)

    def _look(self) -> None:
        self._beats += 1
        self._beat = asyncio.get_running_loop().call_later(_BEAT_S, self._look)

    def _place(self, source: int, sequence: int, timestamp: int, samples: int, at_s: float) -> int:
        """Where a packet's first sample goes."""
        arrived = int(at_s * _RATE)
        stream = self._streams.setdefault(
            source, _Stream(timestamp, arrived, sequence, timestamp, self._beats)
        )
        distance = (timestamp - stream.timestamp + 2**31) % 2**32 - 2**31
        position = stream.position + distance
        follows = (sequence, timestamp) == (stream.sequence, stream.clock)
        paused = self._beats - stream.beats >= _PAUSE_BEATS
        if abs(position - arrived) > _RESYNC_SAMPLES and (paused or not follows):
            stream.timestamp, stream.position = timestamp, arrived
            position = arrived
        stream.sequence, stream.clock = (sequence + 1) % 2**16, (timestamp + samples) % 2**32
        stream.beats = self._beats
        return position

    async def _send(self, address: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        due, spoken = loop.time(), 0
        said, of = b"", (-1.0, "")
        while self._transport:
            if (self._hz, self.codec) != of:
                # A second of a whole number of hertz can be repeated without a click.
                of = self._hz, self.codec
                sound = tone(round(self._hz), ms=1000) if self._hz else silence(ms=1000)
                said = g711.encode(self.codec, sound.samples)
            if self._to_send and (event := self._to_send.pop(0))[0] >= 0:
                self._send_event(address, *event)
            else:
                frame = said[spoken % _RATE : spoken % _RATE + _FRAME]
                self._packet(address, PAYLOAD_TYPES[self.codec], self._clock, frame)
            self._clock = (self._clock + _FRAME) % 2**32
            spoken += _FRAME
            due += _FRAME_S
            if self._to_send:  # what is late is not made up for in a rush: digits would come too close
                due = max(due, loop.time() + _FRAME_S)
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._leave_out(int((loop.time() - due) / _FRAME_S))

    def _leave_out(self, missed: int) -> None:
        """Of a key that is pressed, or released, nothing is sent for frames that were missed.

        People press the next key when its time has come, however late the frames are: a PBX does not wait
        for long.
        """
        while missed > 0 and self._to_send:
            code, end, duration = self._to_send[0]
            if code >= 0 and (end or duration == _FRAME):
                break
            del self._to_send[0]
            missed -= 1

    def _send_event(self, address: tuple[str, int], code: int, end: bool, duration: int) -> None:
        if duration == _FRAME:
            self._event_clock = self._clock
        payload = struct.pack("!BBH", code, (0x80 if end else 0) | 10, duration)
        self._packet(address, TELEPHONE_EVENT, self._event_clock, payload)

    def _packet(self, address: tuple[str, int], kind: int, timestamp: int, payload: bytes) -> None:
        if self._transport:
            header = struct.pack("!BBHII", 0x80, kind, self._sequence, timestamp, self._ssrc)
            self._transport.sendto(header + payload, address)
        self._sequence = (self._sequence + 1) % 65536
