"""Mailboxes as calls come to them: a caller leaves a message (VM-3, VM-6), an owner listens (VM-5).

The engine records on when the server is killed. The name of a recording tells its mailbox and its call: the
next server waits for the end of the message, or keeps it if whoever left it has hung up meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from server.contract.decisions import DecisionKind
from server.contract.features import Feature
from server.flows import voicemail_prompts as prompts
from server.flows.notes import note
from server.flows.places import Errand, Place
from server.flows.resources import RELEASE_S, Resources
from server.flows.stops import Machine, Onward
from server.flows.voicemail_menu import GreetingRecorder, Menu, recording_name
from server.flows.waiting import finish
from server.services.call_log import CallLog
from server.services.call_log_store import Call
from server.services.errors import ServiceError
from server.services.presence import PresenceService
from server.services.voicemail import Voicemail
from server.switch.digits import ask_digits
from server.switch.port import Leg, LegGone, LegState, Party, Recorded, Sound, Switch, SwitchError

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

LONGEST_S = 300.0
"""Seconds after which a message ends."""

SILENCE_S = 10.0
"""Seconds of silence after which it ends."""

SHORTEST_S = 2.0
"""Seconds that a message must have: a shorter one is somebody who hung up."""

ENDS = "#"

MESSAGES = "messages"
"""First part of the names of recordings that are to become messages: mailbox and call follow."""

_log = logging.getLogger(__name__)


class Mailboxes:
    """The machines of all mailboxes. `zone` gives the time zone in which times are said, None if unknown."""

    def __init__(
        self, *, voicemail: Voicemail, presence: PresenceService, zone: Callable[[], tzinfo | None]
    ) -> None:
        self._voicemail = voicemail
        self._presence = presence
        self._zone = zone
        self._sorting = asyncio.Lock()

    def takes_messages(self, box: str) -> bool:
        """See `Voicemail.takes_messages`."""
        return self._voicemail.takes_messages(box)

    def deposit(self, box: str) -> Machine | None:
        """Takes a message for a mailbox; None if there is no such one, or it is off.

        Its owner has missed the call: nobody answers for it.
        """
        if not self._voicemail.takes_messages(box):
            return None
        owner = () if self._voicemail.is_group(box) else (Party(box, self._voicemail.name(box)),)

        async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
            deposit = _Deposit(self._voicemail, box, call.caller, call.live.call)
            former = call.desk.recorder.is_former(call.live)
            if not (former and await deposit.go_on()):
                await deposit.take(self._greeting(box))
            return None

        return Machine(owner, serve, missed=True)

    async def sort_out(
        self, switch: Switch, call_log: CallLog, in_progress: Callable[[], Collection[str]]
    ) -> None:
        """Keep the messages that a former server process has left, and that nobody is leaving any more.

        `in_progress`: the ids of the calls that go on.
        """
        async with self._sorting:
            conducted = {*in_progress()}
            try:
                for name in await switch.left_recordings(MESSAGES):
                    box, _, call_id = name.rpartition("/")[2].partition("-")
                    if call_id in conducted or call_id in in_progress():
                        continue
                    recorded = await switch.finish_recording(name)
                    if recorded is not None:
                        await self._keep_left(box, await call_log.find(call_id), recorded)
            except (SwitchError, SQLAlchemyError, OSError) as error:
                _log.info("Messages that were left are looked for later: %s", error)

    async def _keep_left(self, box: str, call: Call | None, recorded: Recorded) -> None:
        if recorded.seconds < SHORTEST_S:
            await self._voicemail.discard(recorded)
            return
        await self._voicemail.messages.add(box, call.caller if call is not None else Party(""), recorded)
        _log.info("A message for mailbox %s, which a former server process has left, was kept", box)

    def menu(self, caller: str, box: str = "") -> Machine | None:
        """Lets an extension listen to a mailbox, the own one for ""; None if there is no such one."""
        number = box or caller
        if not self._voicemail.takes_messages(number):
            return None

        async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
            call_id = call.live.call.id
            if call.desk.recorder.is_former(call.live):
                await self._end_greeting(call.desk.switch, call_id)
            menu = Menu(self._voicemail, call.caller, caller, number, self._zone(), call_id=call_id)
            await menu.conduct()
            return None

        return Machine((), serve)

    async def _end_greeting(self, switch: Switch, call_id: str) -> None:
        """End what a former server process was recording: before that nothing is heard."""
        with suppress(SwitchError):
            recorded = await switch.finish_recording(recording_name(call_id))
            if recorded is not None:
                await self._voicemail.discard(recorded)

    def errand(self, box: str, errand: Errand, *, by: str) -> Machine:
        """Plays a greeting of a mailbox to extension `by`, or records one until `#` or the hang-up (VM-3)."""

        async def serve(call: "ExtensionCall", _resources: Resources) -> Onward | None:
            match errand.does:
                case "play":
                    await self._play_greeting(call.caller, box, errand.greeting)
                case "confirm":
                    await call.caller.play(*prompts.SAVED)
                case "record":
                    await self._record_greeting(call, box, errand, place, by=by)
            return None

        place = Place(kind=DecisionKind.FEATURE, feature=Feature.VOICEMAIL, number=box, errand=errand)
        return Machine((), serve, place=place)

    async def _record_greeting(
        self, call: "ExtensionCall", box: str, errand: Errand, place: Place, *, by: str
    ) -> None:
        call_id = call.live.call.id
        kept = place.with_changes(call=call_id, errand=Errand(does="confirm", greeting=errand.greeting))
        recorder = GreetingRecorder(self._voicemail, call.caller, box, by=by, call_id=call_id, note_kept=kept)
        if not (call.desk.recorder.is_former(call.live) and await recorder.go_on(errand.greeting)):
            await recorder.record(errand.greeting)

    async def _play_greeting(self, leg: Leg, box: str, greeting: str) -> None:
        try:
            path = await self._voicemail.greetings.file(box, greeting)
        except (ServiceError, SQLAlchemyError, OSError) as error:
            _log.warning("A greeting of mailbox %s cannot be played: %s", box, error)
            await leg.play(*prompts.WRONG)
        else:
            await leg.play(Sound.file(path.with_suffix("")))

    def _greeting(self, box: str) -> Sound | None:
        """The personal greeting for the presence of this moment."""
        path = self._voicemail.greeting(box, self._presence.of(box).status)
        return Sound.file(path.with_suffix("")) if path is not None else None


class _Deposit:
    """One caller who may leave a message, once in a call."""

    def __init__(self, voicemail: Voicemail, box: str, leg: Leg, call: Call) -> None:
        self._voicemail = voicemail
        self._box = box
        self._leg = leg
        self._caller = call.caller
        self._name = f"{MESSAGES}/{box}-{call.id}"

    async def take(self, greeting: Sound | None) -> None:
        """Greet, beep, record, keep. A key ends the greeting; `#`, silence or the hang-up the message.

        Raises:
            SwitchError: the caller is gone, or the engine, before there was anything to keep.
        """
        if not await self._has_room():
            await self._leg.play(*prompts.FULL)
            return
        self._leg.digits.forget()
        await self._greet(greeting)
        await self._leg.play(*prompts.BEEP)
        await self._end(await self._uncut(self._message()))

    async def go_on(self) -> bool:
        """Go on with the message that was being left to a former server process; False: there is none."""
        said = await self._uncut(self._former_message())
        if not said:
            return False
        await self._end(said)
        return True

    async def _uncut(self, recording: Coroutine[Any, Any, tuple[Sound, ...]]) -> tuple[Sound, ...]:
        message = asyncio.ensure_future(recording)
        try:
            return await asyncio.shield(message)
        except asyncio.CancelledError:
            # The server stops: what was said until now is a message, too.
            await finish(self._cut_off(message), timeout_s=RELEASE_S)
            raise

    async def _end(self, said: tuple[Sound, ...]) -> None:
        if self._leg.state is LegState.UP:
            await note(self._leg, None)  # a later server need not ask for a message again
            await self._leg.play(*said)

    async def _has_room(self) -> bool:
        try:
            return await self._voicemail.messages.has_room(self._box)
        except (OSError, SQLAlchemyError) as error:
            _log.warning("How full mailbox %s is cannot be told: %s", self._box, error)
            return True  # the database may be back by the end of the message

    async def _greet(self, greeting: Sound | None) -> None:
        built_in = prompts.built_in_greeting(self._box, group=self._voicemail.is_group(self._box))
        try:
            await _until_key(self._leg, (greeting,) if greeting is not None else built_in)
        except LegGone:
            raise
        except SwitchError as error:
            if greeting is None:
                raise
            _log.warning("The greeting of mailbox %s cannot be played: %s", self._box, error)
            await _until_key(self._leg, built_in)

    async def _message(self) -> tuple[Sound, ...]:
        """Record and keep a message; what is to be said of that."""
        try:
            recorded = await self._leg.record(self._name, longest_s=LONGEST_S, silence_s=SILENCE_S, ends=ENDS)
        except LegGone:
            raise
        except SwitchError as error:
            _log.warning("A message for mailbox %s could not be recorded: %s", self._box, error)
            await self._voicemail.discard_failed(self._name)
            return prompts.FULL
        return await self._keep(recorded)

    async def _former_message(self) -> tuple[Sound, ...]:
        recorded = await self._leg.recording(self._name, ends=ENDS)
        return await self._keep(recorded) if recorded is not None else ()

    async def _cut_off(self, message: "asyncio.Future[tuple[Sound, ...]]") -> None:
        await self._leg.hangup()
        with suppress(SwitchError):
            await message

    async def _keep(self, recorded: Recorded) -> tuple[Sound, ...]:
        if recorded.seconds < SHORTEST_S:
            await self._voicemail.discard(recorded)
            return prompts.TOO_SHORT
        try:
            await self._voicemail.messages.add(self._box, self._caller, recorded)
        except (OSError, SQLAlchemyError) as error:
            _log.error("A message for mailbox %s was lost: %s", self._box, error)
            return prompts.WRONG
        return prompts.SAVED


async def _until_key(leg: Leg, sounds: tuple[Sound, ...]) -> None:
    """Play sounds, which any key ends."""
    await ask_digits(leg, *sounds, most=1, first_s=0.0, next_s=0.0)
