"""The recordings of own calls: of those in progress, and those that have ended (SIP-5, LOG-1)."""

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from linkus_desktop.pbx.live import LiveTopic
from server.contract.own_calls import OwnCall, OwnCallState
from server.contract.recording import (
    CallRecording,
    Recording,
    RecordingAction,
    RecordingPermission,
)

PART = 1 << 20
"""Octets that are fetched at once: about a minute."""


class RecordingApi(Protocol):
    """What is asked of the server; see `Api`."""

    async def record(self, call_id: str, action: RecordingAction) -> CallRecording:
        """Change the recording of a call."""

    async def recording_part(self, recording_id: str, start: int, size: int) -> bytes:
        """Octets of a recording's file."""

    async def delete_recordings(self, ids: Iterable[str]) -> None:
        """Delete recordings."""


class OwnCalls(QObject):
    """The own calls as the server has them: how each is recorded, and what may be done about that.

    Signals:
        changed(): any of it changed, or is not known any more.
    """

    changed = Signal()

    def __init__(self, topic: LiveTopic[OwnCall], api: RecordingApi, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._topic = topic
        self._api = api
        for signal in (topic.reset, topic.changed, topic.became_unknown):
            signal.connect(self._on_topic)

    def find(self, sip_call_id: str, number: str) -> OwnCall | None:
        """The call that a phone knows by this Call-ID; None while the server is away, or if it has none.

        After a transfer the same leg is in another call: one that goes on is meant before one that has ended.
        Where the server cannot tell Call-IDs it is the only call with this number.
        """
        if not self._topic.known:
            return None
        calls = sorted(self._topic, key=lambda call: call.state is OwnCallState.ENDED)
        for call in calls:
            if sip_call_id and sip_call_id in call.sip_call_ids:
                return call
        there = [call for call in calls if call.state is not OwnCallState.ENDED and not call.sip_call_ids]
        alike = [call for call in there if call.number == number]
        return alike[0] if len(alike) == 1 else None

    async def record(self, call: OwnCall, action: RecordingAction) -> None:
        """Ask for this; the change itself comes as an event. Raises `PbxError`."""
        await self._api.record(call.id, action)

    def _on_topic(self, *_: object) -> None:
        self.changed.emit()


class OwnRecordings(QObject):
    """The own recordings that have ended, by the id of their call.

    Signals:
        changed(): recordings came or went, or the permissions changed.
    """

    changed = Signal()

    def __init__(self, topic: LiveTopic[Recording], api: RecordingApi, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._topic = topic
        self._api = api
        self._permissions: frozenset[str] = frozenset()
        self._hidden: set[str] = set()
        for signal in (topic.reset, topic.changed, topic.became_unknown):
            signal.connect(self._on_topic)

    def set_permissions(self, permissions: Iterable[str]) -> None:
        """What the user may do, as in `Me.permissions`."""
        fresh = frozenset(permissions)
        if fresh != self._permissions:
            self._permissions = fresh
            self.changed.emit()

    @property
    def may_listen(self) -> bool:
        """Whether recordings are shown at all."""
        return RecordingPermission.LISTEN.word in self._permissions

    @property
    def may_delete(self) -> bool:
        """Whether the user may delete some."""
        return RecordingPermission.DELETE.word in self._permissions

    def of_call(self, call_id: str) -> Recording | None:
        """The recording of a call; None if there is none, or none to be heard."""
        return self._topic.get(call_id) if self.may_listen and call_id not in self._hidden else None

    def hide(self, recording_id: str) -> None:
        """Show this one no more: it waits for its deletion."""
        self._hidden.add(recording_id)
        self.changed.emit()

    def unhide(self, recording_id: str) -> None:
        """Show it again."""
        self._hidden.discard(recording_id)
        self.changed.emit()

    async def parts(self, recording: Recording) -> AsyncIterator[bytes]:
        """The WAV file, part by part. Raises `PbxError`."""
        start = 0
        while start < recording.size:
            part = await self._api.recording_part(recording.id, start, PART)
            if not part:
                return
            start += len(part)
            yield part

    async def delete(self, ids: Iterable[str]) -> None:
        """Delete these; they are gone when the server says so. Raises `PbxError`."""
        await self._api.delete_recordings(ids)

    def _on_topic(self, *_: object) -> None:
        self.changed.emit()
