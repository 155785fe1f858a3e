"""Stands for `services.voicemail.Voicemail`; survives the server, as a disk does."""

import asyncio
import inspect
import uuid

from server.contract.voicemail import (
    MAX_MESSAGES,
    MailboxState,
    VoicemailGreeting,
    VoicemailMessage,
    VoicemailSettings,
)
from server.services.errors import ServiceError, not_found
from tests.virtual_time import EPOCH


class MemoryMessages:
    """`fail` is raised by whatever is kept next; keeping one `takes_s`."""

    def __init__(self, place) -> None:
        self.clock = place.clock
        self.engine = place.engine
        self.kept: dict[str, VoicemailMessage] = {}
        self.paths = {}
        self.fail: Exception | None = None
        self.takes_s = 0.002

    async def list(self, box):
        await asyncio.sleep(0.002)
        found = [message for message in self.kept.values() if message.box == box]
        return sorted(found, key=lambda message: message.received_at, reverse=True)

    async def has_room(self, box):
        await asyncio.sleep(0.002)
        return sum(message.box == box for message in self.kept.values()) < MAX_MESSAGES

    async def add(self, box, caller, recorded):
        await asyncio.sleep(self.takes_s)
        if self.fail is not None:
            raise self.fail
        message = VoicemailMessage(
            id=uuid.uuid4().hex,
            box=box,
            caller=caller.number,
            caller_name=caller.name,
            received_at=self.clock.now(),
            seconds=recorded.seconds,
            heard=False,
        )
        self.forget_take(recorded)
        self.kept[message.id] = message
        self.paths[message.id] = recorded.path
        return message

    def forget_take(self, recorded):
        """The file is ours now."""
        takes = self.engine.recorder.takes
        for name in [name for name, take in takes.items() if take.path == recorded.path]:
            del takes[name]

    async def mark(self, _box, ids, *, heard=True):
        await asyncio.sleep(0.002)
        for message_id in ids:
            if message_id in self.kept:
                self.kept[message_id] = self.kept[message_id].model_copy(update={"heard": heard})

    async def delete(self, _box, ids):
        await asyncio.sleep(0.002)
        for message_id in ids:
            self.kept.pop(message_id, None)

    async def file(self, _box, message_id):
        await asyncio.sleep(0.002)
        if message_id not in self.kept:
            raise not_found(f"message {message_id}")
        return self.paths[message_id]


class MemoryGreetings:
    """`named`: what each is called; `fail` is raised by whatever is kept next."""

    def __init__(self, messages: MemoryMessages) -> None:
        self._messages = messages
        self.paths = {}
        self.named = {}
        self.fail: ServiceError | None = None

    async def file(self, _box, greeting_id):
        await asyncio.sleep(0.002)
        if greeting_id not in self.paths:
            raise not_found(f"greeting {greeting_id}")
        return self.paths[greeting_id]

    async def keep(self, box, name, recorded, *, by):
        await asyncio.sleep(0.002)
        if self.fail is not None:
            raise self.fail
        del by
        greeting_id = uuid.uuid4().hex
        self._messages.forget_take(recorded)
        self.paths[greeting_id] = recorded.path
        self.named[greeting_id] = name
        return VoicemailGreeting(
            id=greeting_id, box=box, name=name, seconds=recorded.seconds, created_at=EPOCH
        )


class MemoryVoicemail:
    """`groups`: members of each group mailbox by its number."""

    def __init__(self, place) -> None:
        self.place = place
        self.settings: dict[str, VoicemailSettings] = {}
        self.pins: dict[str, str] = {}
        self.groups: dict[str, tuple[str, ...]] = {}
        self.messages = MemoryMessages(place)
        self.greetings = MemoryGreetings(self.messages)
        self.discarded = []
        self.failed = []
        self.locked: Exception | None = None

    def takes_messages(self, box):
        there = self.place.directory.get(box) is not None or box in self.groups
        return there and self.settings_of(box).enabled

    def settings_of(self, box):
        settings = self.settings.get(box, VoicemailSettings())
        return settings.model_copy(update={"pin_set": box in self.pins})

    def greeting(self, box, status):
        found = self.settings_of(box).greeting_for(status)
        return self.greetings.paths[found] if found else None

    def is_group(self, box):
        return box in self.groups

    def name(self, box):
        return self.place.directory.name(box)

    def may_use(self, number, box):
        return number in self.groups.get(box, (box,))

    async def state(self, box):
        messages = await self.messages.list(box)
        heard = sum(message.heard for message in messages)
        return MailboxState(
            box=box, name="", group=box in self.groups, new=len(messages) - heard, heard=heard
        )

    async def check_pin(self, box, pin, *, caller):
        await asyncio.sleep(0.002)
        del caller
        if self.locked is not None:
            raise self.locked
        return self.pins.get(box) == pin

    async def change_pin(self, box, pin, *, by):
        await asyncio.sleep(0.002)
        del by
        self.pins[box] = pin

    async def use_greeting(self, box, greeting_id, *, by):
        await asyncio.sleep(0.002)
        del by
        self.settings[box] = self.settings_of(box).model_copy(update={"greeting": greeting_id})

    async def discard_failed(self, name):
        await asyncio.sleep(0.002)
        if name in self.messages.engine.recorder.takes:
            self.messages.engine.recorder.takes.pop(name).stop()
        self.failed.append(name)

    async def discard(self, recorded):
        await asyncio.sleep(0.002)
        self.messages.forget_take(recorded)
        self.discarded.append(recorded)


class OfOneProcess:
    """Such a service as one server process has it: once that is `killed`, it changes nothing any more."""

    def __init__(self, service, process=None) -> None:
        self._service = service
        self._process = process or self
        self.killed = False

    def __getattr__(self, name):
        found = getattr(self._service, name)
        if name in ("messages", "greetings"):
            return OfOneProcess(found, self._process)
        if inspect.iscoroutinefunction(found) and self._process.killed:
            return self._nothing
        return found

    async def _nothing(self, *_, **__):
        """Nobody is there who could do it."""
