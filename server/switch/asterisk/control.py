"""What is asked of the engine: calls, bridges, pushed extensions.

Releasing is never lost: what could not be hung up or closed because the engine was away is done when it is
back (`settle`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from server.switch.asterisk import endpoints, spying
from server.switch.asterisk.ami import Ami
from server.switch.asterisk.ari import Ari, AriError, segment
from server.switch.asterisk.bridges import AsteriskBridge
from server.switch.asterisk.config import (
    APPLICATION,
    HELD_BY_US_VARIABLE,
    HELD_VARIABLE,
    LEG_VARIABLE,
    MEMO_VARIABLE,
    TRANSFERS,
    TRANSFERS_ARE_OURS,
)
from server.switch.asterisk.contacts import contact_id, contacts_of_aor
from server.switch.asterisk.lamps import Lamps
from server.switch.asterisk.legs import REASON_CODES, AsteriskLeg
from server.switch.asterisk.music import Music
from server.switch.asterisk.playing import Playing
from server.switch.asterisk.recording import Recordings
from server.switch.asterisk.trunk_objects import trunk_name
from server.switch.port import (
    Contact,
    LegGone,
    LegState,
    Party,
    Reason,
    SipEndpoint,
    Speech,
    Spying,
    SwitchError,
    SwitchUnavailable,
    TransferProgress,
    Whisper,
)

log = logging.getLogger(__name__)

ADDRESSES_A_FIELD = 200

GONE_WITHIN_S = 4.0
"""Seconds from the refusal of a request about a leg that the engine clears until it tells of the end.

That is at once; but where the machine stands still for a second, a caller who gave up is no failure.
"""

TRANSFER_STATES = {
    TransferProgress.RINGING: "channel_progress",
    TransferProgress.DONE: "channel_answered",
    TransferProgress.FAILED: "channel_unavailable",
}
"""How the REST interface calls the states of a transfer."""


class Control:
    """Requests to the engine that is connected now.

    Attributes:
        ari: the connection, None while there is none.
        manager: makes a connection to the manager interface, for one request; None as above.
        playing, music, recordings: what is played to legs, and recorded of them.
        spyings: ids of the snoop channels of this server.
        lamps: what desk phones are shown.
        english_sounds: folder of the engine's own English.
        changed: called with a leg whose state a request of ours changed without an event of the engine.
    """

    def __init__(self, changed: Callable[[AsteriskLeg], None], speech: Callable[[], Speech] = Speech) -> None:
        self.changed = changed
        self._speech = speech
        self.ari: Ari | None = None
        self.manager: Callable[[], Ami] | None = None
        self.playing = Playing(self)
        self.music = Music(self)
        self.recordings = Recordings(self)
        self.spyings: set[str] = set()
        self.lamps = Lamps(self)
        self.english_sounds = Path()
        self._to_hang_up: dict[str, Reason] = {}
        self._to_close: set[str] = set()
        self._blocks = 0
        self._pushed: dict[str, SipEndpoint] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def speech(self) -> Speech:
        """In which languages legs are spoken to."""
        return self._speech()

    @property
    def connected(self) -> Ari:
        """The connection; raises `SwitchUnavailable` if there is none."""
        if self.ari is None:
            raise SwitchUnavailable("Asterisk is not running or does not answer now.")
        return self.ari

    async def settle(self) -> None:
        """Do what had to wait for a connection."""
        while self._to_hang_up:
            await self.hangup(*self._to_hang_up.popitem())
        while self._to_close:
            await self.close_bridge(self._to_close.pop())

    def forget_pending(self) -> None:
        """The engine is a new one: nothing of what waited is there any more."""
        self._to_hang_up.clear()
        self._to_close.clear()

    # Legs

    async def ring(self, leg: AsteriskLeg, callee: Party | None) -> None:
        """180 to the caller, naming the callee."""
        await leg.quiet()
        if callee is not None:
            # `i`: only noted, and sent with the next response, not as a request of its own.
            shown = endpoints.caller_id(callee.number, callee.name)
            await self._set_variable(leg.id, "CONNECTEDLINE(all,i)", shown)
        await self.on_leg(leg, self.connected.post(f"channels/{segment(leg.id)}/ring"))
        if leg.advance(LegState.RINGING):
            self.changed(leg)

    async def stop_ringing(self, leg: AsteriskLeg) -> None:
        """No ringing tone any more."""
        await self.on_leg(leg, self.connected.delete(f"channels/{segment(leg.id)}/ring"))

    async def spy(self, leg: AsteriskLeg, listener: AsteriskLeg, whisper: Whisper) -> Spying:
        """Let a leg listen to another one."""
        return await spying.spy(self, leg, listener, whisper)

    async def end_spying(self, channels: Iterable[str]) -> None:
        """End what an earlier server has begun, among these channels."""
        await spying.end_inherited(self, channels)

    async def tell_transfer(self, leg: AsteriskLeg, progress: TransferProgress) -> None:
        """NOTIFY with the state of the leg's transfer; never raises."""
        try:
            await self.connected.post(
                f"channels/{segment(leg.id)}/transfer_progress", states=TRANSFER_STATES[progress]
            )
        except SwitchError as error:
            log.info("The phone of leg %s was not told of its transfer: %s", leg.id, error)

    async def answer(self, leg: AsteriskLeg) -> None:
        """200 to the caller; the state follows as an event."""
        await leg.quiet()
        await self.on_leg(leg, self.connected.post(f"channels/{segment(leg.id)}/answer"))

    async def tell_to_answer(self, leg: AsteriskLeg) -> None:
        """NOTIFY to the phone, within the dialog of its call; the answer follows as an event."""
        if self.manager is None:
            raise SwitchUnavailable("Asterisk is not running or does not answer now.")
        async with self.manager() as ami:
            problem = await ami.notify(leg.id, "talk")
        if problem:
            raise SwitchError(f"The phone could not be told to answer: {problem}.")

    async def send_digits(self, leg: AsteriskLeg, digits: str) -> None:
        """Digits to the phone, in RTP or as it wants them."""
        await self.on_leg(leg, self.connected.post(f"channels/{segment(leg.id)}/dtmf", dtmf=digits))

    async def hangup(self, leg_id: str, reason: Reason) -> None:
        """End a leg; never raises."""
        try:
            await self.connected.delete(f"channels/{segment(leg_id)}", reason_code=str(REASON_CODES[reason]))
        except SwitchUnavailable:
            self._to_hang_up[leg_id] = reason
        except AriError as error:
            log.warning("Leg %s could not be hung up: %s", leg_id, error)

    async def dial(
        self,
        leg: AsteriskLeg,
        contact: Contact,
        *,
        caller: Party,
        timeout_s: float,
        for_leg: str | None,
        headers: dict[str, str],
        codecs: Sequence[str] = (),
    ) -> None:
        """Send the INVITE of `leg`. One request: `originate` sets caller, time-out, headers at once.

        A phone that Asterisk cannot even send to ends the leg. Raises `SwitchError` for a duplicate id.
        """
        variables = {LEG_VARIABLE: contact.uri, TRANSFERS: TRANSFERS_ARE_OURS}
        for name, value in headers.items():
            variables[f"PJSIP_HEADER(add,{name})"] = value
        if leg.memo:
            variables[MEMO_VARIABLE] = leg.memo
        parameters = {
            "endpoint": f"PJSIP/{contact.number}/{contact.uri}",
            "app": APPLICATION,
            "channelId": leg.id,
            "callerId": endpoints.caller_id(caller.number, caller.name),
            "timeout": str(max(1, round(timeout_s))),
        }
        if for_leg is not None:
            # The caller's codecs come first in the offer, so that nothing need be recoded.
            parameters["originator"] = for_leg
        elif codecs:
            parameters["formats"] = ",".join(codecs)
        request = asyncio.ensure_future(
            self.connected.post("channels", {"variables": variables}, **parameters)
        )
        try:
            await asyncio.shield(request)
        except asyncio.CancelledError:
            self.later(self._undo_dial(request, leg))
            raise
        except AriError as error:
            if error.status == 409:
                raise SwitchError(f"A leg with id {leg.id} exists already.") from error
            log.info("Phone %s of %s cannot be called: %s", contact.uri, contact.number, error)
            leg.end(q850=20)

    async def _undo_dial(self, request: "asyncio.Future[object]", leg: AsteriskLeg) -> None:
        await asyncio.wait([request])
        if request.exception() is None:
            await self.hangup(leg.id, Reason.CANCELLED)

    def remember_hold(self, leg: AsteriskLeg) -> None:
        """Note on the channel itself that it is held, for a later server."""
        self.later(self._note_hold(leg))

    async def _note_hold(self, leg: AsteriskLeg) -> None:
        await leg.idle()
        if leg.ended is None:
            await self._set_variable(leg.id, HELD_VARIABLE, "1" if leg.held else "")

    async def mark_held(self, leg: AsteriskLeg, *, on: bool) -> None:
        """Note on the channel itself that we hold it, for a later server too."""
        leg.check()
        await leg.quiet()
        await self.on_leg(leg, self.post_variable(leg.id, HELD_BY_US_VARIABLE, "1" if on else ""))
        leg.check()
        if leg.held_by_us != on:
            leg.held_by_us = on
            self.changed(leg)

    async def remember(self, leg: AsteriskLeg, memo: str) -> None:
        """Note something on the channel itself."""
        leg.check()
        await leg.quiet()
        await self.on_leg(leg, self.post_variable(leg.id, MEMO_VARIABLE, memo))
        leg.memo = memo

    async def post_variable(self, leg_id: str, name: str, value: str) -> None:
        """Set a variable of a channel, or what a function of its dialplan sets."""
        await self.connected.post(f"channels/{segment(leg_id)}/variable", variable=name, value=value)

    async def _set_variable(self, leg_id: str, name: str, value: str) -> None:
        try:
            await self.post_variable(leg_id, name, value)
        except SwitchError:
            log.debug("Variable %s of leg %s was not set: it is gone", name, leg_id)

    async def on_leg(self, leg: AsteriskLeg, request: Awaitable[object]) -> None:
        """A request about a leg, which raises `LegGone` if the engine does not know the leg any more.

        500 is what it says while it clears a leg, of the answer to a caller who gives up in this moment say.
        """
        try:
            await request
        except AriError as error:
            if error.status in (404, 409, 412, 500):
                await self.raise_gone(leg, error, within_s=GONE_WITHIN_S)
            raise

    async def raise_gone(self, leg: AsteriskLeg, error: SwitchError, *, within_s: float = 1.0) -> None:
        """The end of a leg seems to be under way: raise `LegGone` when it comes, `error` if it does not."""
        try:
            async with asyncio.timeout(within_s):
                ended = await leg.gone()
        except TimeoutError:
            raise error from None
        raise LegGone(ended) from error

    # Bridges

    async def make_bridge(self, bridge_id: str) -> None:
        """Make a bridge; an existing one with this id is an error."""
        await self.connected.post(f"bridges/{segment(bridge_id)}", type="mixing,dtmf_events", name=bridge_id)

    async def add_to_bridge(self, bridge: AsteriskBridge, legs: Sequence[AsteriskLeg]) -> None:
        """Put legs in."""
        ids = ",".join(leg.id for leg in legs)
        for leg in legs:
            await self.music.stop(leg)
        await _all_quiet(legs)
        try:
            await self.connected.post(f"bridges/{segment(bridge.id)}/addChannel", channel=ids)
        except AriError as error:
            for leg in legs:
                leg.check()
            if error.status in (400, 409, 422, 500):
                await self._raise_any_gone(legs, error)
            raise
        bridge.legs |= {leg.id for leg in legs if leg.ended is None}

    async def _raise_any_gone(self, legs: Sequence[AsteriskLeg], error: AriError) -> None:
        waits = [asyncio.ensure_future(leg.gone()) for leg in legs]
        done, pending = await asyncio.wait(waits, timeout=GONE_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        for wait in done:
            raise LegGone(wait.result()) from error

    async def remove_from_bridge(self, bridge: AsteriskBridge, legs: Sequence[AsteriskLeg]) -> None:
        """Take legs out; one that is not in is fine."""
        for leg in legs:
            await leg.quiet()
            try:
                await self.connected.post(f"bridges/{segment(bridge.id)}/removeChannel", channel=leg.id)
            except AriError as error:
                if error.status not in (400, 404, 409, 422):
                    raise
            bridge.legs -= {leg.id}

    async def close_bridge(self, bridge_id: str) -> None:
        """Destroy a bridge; never raises."""
        try:
            await self.connected.delete(f"bridges/{segment(bridge_id)}")
        except SwitchUnavailable:
            self._to_close.add(bridge_id)
        except AriError as error:
            log.warning("Bridge %s could not be closed: %s", bridge_id, error)

    # Extensions

    async def push(self, known: Sequence[SipEndpoint]) -> None:
        """Make extensions known, or change them: auth and aor before the endpoint that names them."""
        for endpoint in known:
            self._pushed[endpoint.number] = endpoint
            await self.put_object("auth", endpoint.number, endpoints.auth_fields(endpoint))
            await self._put_aor(endpoint.number, endpoints.aor_fields(endpoint))
            await self.put_object("endpoint", endpoint.number, endpoints.endpoint_fields(endpoint))

    async def _put_aor(self, number: str, fields: dict[str, str]) -> None:
        """Make an address of record, or change it if it differs.

        Asterisk changes one by a copy, in which the phones that are registered are configured for good: it
        would go on to ask and to tell of them when they have left. So what is right is not touched.
        """
        try:
            told = await self.connected.get(f"asterisk/config/dynamic/res_pjsip/aor/{segment(number)}")
        except AriError:
            told = []
        if not endpoints.agrees({field["attribute"]: field["value"] for field in told}, fields):
            await self.put_object("aor", number, fields)

    async def push_again(self) -> None:
        """Make known to a new engine what the one before it knew."""
        await self.push(list(self._pushed.values()))

    async def remove(self, number: str, contacts: Sequence[Contact]) -> None:
        """Forget an extension and its phones; what is not there is fine."""
        self._pushed.pop(number, None)
        for kind in ("endpoint", "auth", "aor"):
            await self.drop_object(kind, number)
        for contact in contacts:
            await self.drop_object("contact", contact_id(contact))

    async def user_agent(self, contact: Contact) -> str | None:
        """What a registered phone calls itself, "" if it does not; None if it is not there (any more)."""
        path = f"asterisk/config/dynamic/res_pjsip/contact/{segment(contact_id(contact))}"
        try:
            fields = await self.connected.get(path)
        except AriError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                return ""
            listed = await self.contacts(contact.number)
            return "" if any(one.uri == contact.uri for one in listed) else None
        return next((field["value"] for field in fields if field["attribute"] == "user_agent"), "")

    async def contacts(self, number: str) -> tuple[Contact, ...]:
        """Phones of an extension as they are registered now; empty if none, or if there is no such one.

        ARI lists no contacts, but an aor shows the URIs of its own, also of a phone that has not yet been
        told that it is registered.
        """
        path = f"asterisk/config/dynamic/res_pjsip/aor/{segment(number)}"
        try:
            fields = await self.connected.get(path)
        except AriError:
            return ()
        shown = [field["value"] for field in fields if field["attribute"] == "contact"]
        return contacts_of_aor(number, ",".join(shown))

    def codecs(self, number: str) -> tuple[str, ...]:
        """Codecs of an extension in its order of preference; none if it is not known."""
        known = self._pushed.get(number)
        return known.codecs if known else ()

    async def numbers(self) -> set[str]:
        """Extensions that the engine knows."""
        names = {str(endpoint["resource"]) for endpoint in await self.endpoints()}
        return {name for name in names if not trunk_name(name)}

    async def endpoints(self) -> list[dict[str, Any]]:
        """All endpoints of the engine, those of trunks too, as the REST interface lists them."""
        try:
            return list(await self.connected.get("endpoints/PJSIP"))
        except AriError as error:
            if error.status == 404:  # how it says that there is none
                return []
            raise

    async def block(self, addresses: Sequence[str]) -> None:
        """Refuse these addresses; the new rule is there before the old one goes."""
        old, self._blocks = self._blocks, self._blocks + 1
        if addresses:
            chunks = range(0, len(addresses), ADDRESSES_A_FIELD)
            fields = [
                {"attribute": "deny", "value": ",".join(addresses[at : at + ADDRESSES_A_FIELD])}
                for at in chunks
            ]
            try:
                await self._put_body("acl", f"{endpoints.BLOCK_OBJECT}-{self._blocks}", {"fields": fields})
            except AriError as error:
                # Asterisk makes the object, then fails to describe it: an acl cannot be read back.
                if error.status != 500:
                    raise
        await self.drop_object("acl", f"{endpoints.BLOCK_OBJECT}-{old}")

    async def put_object(self, kind: str, name: str, fields: dict[str, str]) -> None:
        """Make a configuration object of the SIP stack, or change it."""
        await self._put_body(kind, name, endpoints.body(fields))

    async def _put_body(self, kind: str, name: str, body: object) -> None:
        await self.connected.put(f"asterisk/config/dynamic/res_pjsip/{kind}/{segment(name)}", body)

    async def drop_object(self, kind: str, name: str) -> None:
        """Remove a configuration object; one that is not there is fine."""
        path = f"asterisk/config/dynamic/res_pjsip/{kind}/{segment(name)}"
        try:
            await self.connected.delete(path)
        except AriError as error:
            if error.status != 403:
                raise
            # It vanished by itself (a contact, whose aor we have just removed) after Asterisk had found it.
            await self.connected.delete(path)

    # Work that nobody waits for

    def later(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do it, be whoever asked for it cancelled or not."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            level = logging.DEBUG if isinstance(error, SwitchError) else logging.ERROR
            log.log(level, "Work in the background failed", exc_info=error)

    async def aclose(self) -> None:
        """Finish what nobody waits for."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)


async def _all_quiet(legs: Sequence[AsteriskLeg]) -> None:
    """Return at a moment when none of these is occupied."""
    while any(leg.occupation is not None for leg in legs):
        for leg in legs:
            await leg.quiet()
