"""What the client asks of the server, typed; all raise `NotConnected`, `ApiError` or `SessionEnded`."""

from collections.abc import Iterable, Mapping

from pydantic import TypeAdapter, ValidationError

from linkus_desktop.pbx.errors import NotConnected, WrongPassword
from linkus_desktop.pbx.line import Line
from server.contract.agents import AgentSwitch, CallResult, PauseReasons, ResultChange
from server.contract.auth import Me, PasswordChange
from server.contract.calls import (
    CallKeys,
    CallLogEntry,
    CallLogSelection,
    CallOrdered,
    CallParked,
    CallQualityReport,
    OwnCallOrder,
    OwnCallPark,
    OwnCallTransfer,
)
from server.contract.keys import FunctionKey, FunctionKeys, FunctionKeysChange
from server.contract.mail import MailPreferences
from server.contract.presence import Presence, PresenceChange
from server.contract.queue_log import QueueLogPage, QueueLogSelection
from server.contract.reaching import ReachingSettings
from server.contract.recording import CallRecording, RecordingAction, RecordingOrder, RecordingSelection
from server.contract.ring_tones import RingTones

MAX_IDS = 500
"""The most ids in one request; see `CallLogSelection`."""

_ENTRIES = TypeAdapter(list[CallLogEntry])


class Api:
    """The requests of one session."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def me(self) -> Me:
        """Who is logged in."""
        return await self._line.ask(Me, "GET", "/me")

    async def set_presence(self, change: PresenceChange) -> Presence:
        """Change the own presence (PRES-1)."""
        return await self._line.ask(Presence, "PUT", "/me/presence", body=change)

    async def reaching(self) -> ReachingSettings:
        """How the own extension is reached (PRES-2, DIR-5)."""
        return await self._line.ask(ReachingSettings, "GET", "/me/presence/settings")

    async def set_reaching(self, settings: ReachingSettings) -> ReachingSettings:
        """Replace that."""
        return await self._line.ask(ReachingSettings, "PUT", "/me/presence/settings", body=settings)

    async def mail_preferences(self) -> MailPreferences:
        """Which mails the own extension gets (LOG-3)."""
        return await self._line.ask(MailPreferences, "GET", "/me/mail")

    async def set_mail_preferences(self, preferences: MailPreferences) -> MailPreferences:
        """Replace that."""
        return await self._line.ask(MailPreferences, "PUT", "/me/mail", body=preferences)

    async def set_keys(self, change: FunctionKeysChange) -> FunctionKeys:
        """Replace the own function keys (KEY-1)."""
        return await self._line.ask(FunctionKeys, "PUT", "/me/keys", body=change)

    async def check_key(self, key: FunctionKey) -> None:
        """Whether the own extension could have this key; `ApiError` with the reason if not (KEY-2)."""
        await self._line.request("POST", "/me/keys/check", body=key)

    async def change_password(self, old: str, new: str) -> None:
        """Change the own password (AUTH-5)."""
        try:
            change = PasswordChange(old_password=old, new_password=new)
        except ValidationError:  # it would quote the passwords
            raise WrongPassword from None
        await self._line.request("POST", "/auth/password", body=change)

    async def avatar(self, number: str) -> bytes:
        """The picture of an extension, as the server has it (PNG or JPEG)."""
        return await self._line.request("GET", f"/extensions/{number}/avatar")

    async def ring_tones(self) -> list[str]:
        """The hashes of the ring tones that the PBX has, beside ours."""
        return (await self._line.ask(RingTones, "GET", "/me/ring-tones")).hashes

    async def ring_tone(self, digest: str) -> bytes:
        """What is heard of one of them: WAV."""
        return await self._line.request("GET", f"/me/ring-tones/{digest}")

    async def call_log(self, *, before: str | None = None, limit: int = 100) -> list[CallLogEntry]:
        """Own calls older than the one with id `before`, newest first."""
        query: dict[str, str | int] = {"limit": limit}
        if before is not None:
            query["before"] = before
        text = await self._line.request("GET", "/call-log", query=query)
        try:
            return _ENTRIES.validate_json(text)
        except ValidationError as error:
            raise NotConnected("The server's answer is not understood.") from error

    async def mark_calls_seen(self, ids: Iterable[str] | None = None) -> None:
        """Missed calls have been looked at; None: all of them."""
        for selection in _selections(ids):
            await self._line.request("POST", "/call-log/seen", body=selection)

    async def delete_calls(self, ids: Iterable[str]) -> None:
        """Delete calls from the own log."""
        for selection in _selections(ids):
            await self._line.request("POST", "/call-log/delete", body=selection)

    async def make_call(self, number: str, *, phone: str | None) -> str:
        """Have one of the own phones (its id in topic `phones`; None: all of them) call a number (SIP-11).

        The phone is asked to answer by itself. Returns the call's id.
        """
        try:
            order = OwnCallOrder(number=number, auto_answer=True, phone=phone)
        except ValidationError as error:
            raise NotConnected(f"“{number[:40]}” is not a number that can be dialled.") from error
        return (await self._line.ask(CallOrdered, "POST", "/me/calls", body=order)).id

    async def answer_call(self, call_id: str) -> None:
        """Have an own phone answer a call that rings there."""
        await self._line.request("POST", f"/me/calls/{call_id}/answer")

    async def hang_up(self, call_id: str) -> None:
        """End an own call, or decline it."""
        await self._line.request("DELETE", f"/me/calls/{call_id}")

    async def hold(self, call_id: str, *, on: bool) -> None:
        """Hold an own call, or resume it."""
        await self._line.request("POST", f"/me/calls/{call_id}/{'hold' if on else 'resume'}")

    async def transfer(self, call_id: str, *, to: str | None = None, call: str | None = None) -> None:
        """Send the other end of an own call to a number, or put it together with that of another own call."""
        order = OwnCallTransfer(to=to, call=call)
        await self._line.request("POST", f"/me/calls/{call_id}/transfer", body=order)

    async def park(self, call_id: str, slot: str | None = None) -> str:
        """Let the other end of an own call wait on this parking slot, else on a free one; the slot."""
        path = f"/me/calls/{call_id}/park"
        return (await self._line.ask(CallParked, "POST", path, body=OwnCallPark(slot=slot))).slot

    async def press_keys(self, call_id: str, keys: str) -> None:
        """Let the other end of an own call hear keys."""
        await self._line.request("POST", f"/me/calls/{call_id}/keys", body=CallKeys(keys=keys))

    async def record(self, call_id: str, action: RecordingAction) -> CallRecording:
        """Record an own call, pause that, go on or end it (SIP-5)."""
        order = RecordingOrder(action=action)
        return await self._line.ask(CallRecording, "POST", f"/me/calls/{call_id}/recording", body=order)

    async def tell_quality(self, call_id: str, report: CallQualityReport) -> None:
        """Tell how an own call sounded, which is over (SIP-8)."""
        await self._line.request("PUT", f"/me/calls/{call_id}/quality", body=report)

    async def recording_part(self, recording_id: str, start: int, size: int) -> bytes:
        """Octets of the WAV file of an own recording, from `start` on, `size` at most."""
        wanted = {"Range": f"bytes={start}-{start + size - 1}"}
        return await self._line.request("GET", f"/me/recordings/{recording_id}/audio", headers=wanted)

    async def delete_recordings(self, ids: Iterable[str]) -> None:
        """Delete own recordings."""
        wanted = list(ids)
        for start in range(0, len(wanted), MAX_IDS):
            selection = RecordingSelection(ids=wanted[start : start + MAX_IDS])
            await self._line.request("POST", "/me/recordings/delete", body=selection)

    async def switch_queue(self, queue: str, change: AgentSwitch) -> None:
        """Log in to one queue, log out, pause or resume there (Q-10)."""
        await self._line.request("PUT", f"/me/queues/{queue}", body=change)

    async def switch_queues(self, change: AgentSwitch) -> None:
        """The same in all queues of which one is an agent."""
        await self._line.request("PUT", "/me/queues", body=change)

    async def log_in_last(self) -> None:
        """Log in to the queues in which one was when last logged in."""
        await self._line.request("POST", "/me/queues/last")

    async def pause_reasons(self) -> PauseReasons:
        """What may be given as the reason of a pause."""
        return await self._line.ask(PauseReasons, "GET", "/me/queues/reasons")

    async def switch_agent(self, queue: str, extension: str, change: AgentSwitch) -> None:
        """Log an agent of a queue that one manages in or out, pause them or let them go on (Q-6)."""
        await self._line.request("PUT", f"/queues/{queue}/agents/{extension}", body=change)

    async def queue_log(self, query: Mapping[str, str | int]) -> QueueLogPage:
        """A page of the logs of the queues of which one may see something (Q-9)."""
        return await self._line.ask(QueueLogPage, "GET", "/queue-log", query=query)

    async def set_queue_result(self, queue: str, entry: int, result: CallResult) -> None:
        """Tell how far a call of a queue was dealt with."""
        change = ResultChange(result=result)
        await self._line.request("PUT", f"/queues/{queue}/calls/{entry}/result", body=change)

    async def delete_queue_calls(self, ids: Iterable[int]) -> None:
        """Delete calls of queues that one has answered from one's own view."""
        wanted = list(ids)
        for start in range(0, len(wanted), MAX_IDS):
            selection = QueueLogSelection(ids=wanted[start : start + MAX_IDS])
            await self._line.request("POST", "/queue-log/delete", body=selection)

    async def logout(self) -> None:
        """End the session on the server."""
        await self._line.request("POST", "/auth/logout")


def _selections(ids: Iterable[str] | None) -> list[CallLogSelection]:
    """The ids in as many requests as it takes."""
    if ids is None:
        return [CallLogSelection(all=True)]
    wanted = list(ids)
    return [CallLogSelection(ids=wanted[i : i + MAX_IDS]) for i in range(0, len(wanted), MAX_IDS)]
