"""Listening to a mailbox by phone (VM-2, VM-5): a menu of keys.

Main menu: 1 new messages, 2 old ones, 3 or 0 options, # ends it. At a message: 4 previous, 5 repeat, 6 next,
7 delete, 9 keep, * back. Options: 1 records the greeting, 5 changes the PIN, * back.
"""

import logging
from contextlib import suppress
from datetime import tzinfo

from sqlalchemy.exc import SQLAlchemyError

from server.contract.voicemail import VoicemailMessage
from server.flows import voicemail_prompts as prompts
from server.flows.notes import note
from server.flows.places import Place
from server.rules.hours import local_time
from server.services.errors import ServiceError
from server.services.voicemail import Voicemail
from server.services.voicemail_files import PREFIX
from server.switch.digits import ask_digits
from server.switch.port import Leg, LegGone, LegState, Recorded, Sound, SwitchError

KEY_S = 5.0
"""Seconds that the menu waits for a key, and from one to the next."""

IDLE = 3
"""Times that nothing is dialled in the main menu before it ends."""

PIN_TRIES = 3

LONGEST_PIN = 15

BY_PHONE = "Recorded by phone"
"""Name of a greeting that was recorded in the menu."""

GREETING_S = 120.0
"""Seconds that a greeting recorded by phone may last."""

_log = logging.getLogger(__name__)


def recording_name(call_id: str) -> str:
    """The name of a greeting while it is recorded in a call, by which a later server ends that."""
    return f"{PREFIX}/{call_id}"


class Menu:
    """The call `call_id` of the extension `caller` to a mailbox; times are said in `zone`."""

    def __init__(
        self, voicemail: Voicemail, leg: Leg, caller: str, box: str, zone: tzinfo | None, *, call_id: str
    ) -> None:
        self._voicemail = voicemail
        self._leg = leg
        self._caller = caller
        self._box = box
        self._zone = zone
        self._call_id = call_id

    async def conduct(self) -> None:
        """Serve the caller until it has enough. Raises `LegGone` when it hangs up."""
        try:
            if await self._is_let_in():
                await self._main()
            await self._leg.play(*prompts.GOODBYE)
        except (SQLAlchemyError, OSError) as error:
            _log.warning("Mailbox %s cannot be used now: %s", self._box, error)
            await self._leg.play(*prompts.WRONG)

    async def _is_let_in(self) -> bool:
        """Whoever asks for the mailbox of somebody else must know its PIN; its owner, if there is one."""
        own = self._voicemail.may_use(self._caller, self._box)
        if own and not self._voicemail.settings_of(self._box).pin_set:
            return True
        for _ in range(PIN_TRIES):
            pin = await self._dialled(prompts.PIN, most=LONGEST_PIN)
            try:
                if pin and await self._voicemail.check_pin(self._box, pin, caller=self._caller):
                    return True
            except ServiceError as error:  # locked, or too much to do
                _log.warning("%s may not enter mailbox %s: %s", self._caller, self._box, error)
                return False
            await self._leg.play(*prompts.WRONG_PIN)
        return False

    async def _main(self) -> None:
        idle = 0
        said = prompts.waiting(await self._voicemail.state(self._box))
        while idle < IDLE:
            key = await self._dialled((*said, *prompts.MAIN_MENU), most=1, ends="")
            said = ()
            idle = 0 if key else idle + 1
            match key:
                case "1" | "2":
                    await self._listen(heard=key == "2")
                    said = prompts.waiting(await self._voicemail.state(self._box))
                case "3" | "0":
                    await self._options()
                case "#":
                    return
                case "" | "*":
                    pass
                case _:
                    await self._leg.play(*prompts.WRONG)

    # Messages

    async def _listen(self, *, heard: bool) -> None:
        """Go through the messages, the oldest first."""
        every = await self._voicemail.messages.list(self._box)
        messages = [message for message in reversed(every) if message.heard is heard]
        at = 0
        while messages:
            following = await self._at(messages, at)
            if following is None:
                return
            at = following
            if at >= len(messages):
                break
        await self._leg.play(*prompts.NO_MORE)

    async def _at(self, messages: list[VoicemailMessage], at: int) -> int | None:
        """Play the message and do what is wanted with it; the place of the next one, None to go back."""
        message = messages[at]
        key = await self._play(message)
        if not key:
            menu = prompts.choices(first=at == 0, last=at + 1 == len(messages))
            key = await self._dialled(menu, most=1, ends="")
        following: int | None = at
        match key:
            case "4":
                following = max(at - 1, 0)
            case "5":
                pass
            case "6" | "":
                following = at + 1
            case "7":
                await self._voicemail.messages.delete(self._box, [message.id])
                del messages[at]
                await self._leg.play(*prompts.DELETED)
            case "9":
                await self._leg.play(*prompts.KEPT)
                following = at + 1
            case "*" | "#":
                following = None
            case _:
                await self._leg.play(*prompts.WRONG)
        return following

    async def _play(self, message: VoicemailMessage) -> str:
        """What is known of the message, then itself; the key that ended it. It counts as heard then."""
        settings = self._voicemail.settings_of(self._box)
        said = prompts.envelope(message, settings, local_time(message.received_at, self._zone))
        try:
            path = await self._voicemail.messages.file(self._box, message.id)
            said = (*said, Sound.file(path.with_suffix("")))
        except ServiceError as error:
            _log.warning("%s", error)
            said = (*said, *prompts.WRONG)
        key = await ask_digits(self._leg, *said, most=1, first_s=0.0, next_s=0.0, ends="")
        await self._voicemail.messages.mark(self._box, [message.id])
        return key

    # Options

    async def _options(self) -> None:
        for _ in range(IDLE):
            match await self._dialled(prompts.OPTIONS_MENU, most=1, ends=""):
                case "1":
                    await self._record_greeting()
                case "5":
                    await self._change_pin()
                case "":
                    pass
                case _:
                    return

    async def _record_greeting(self) -> None:
        """Callers hear it from then on."""
        recorder = GreetingRecorder(
            self._voicemail, self._leg, self._box, by=self._caller, call_id=self._call_id
        )
        await recorder.record(BY_PHONE, use=True)

    async def _change_pin(self) -> None:
        pin = await self._dialled(prompts.NEW_PIN, most=LONGEST_PIN)
        if not (pin.isdigit() and 3 <= len(pin) <= LONGEST_PIN):
            await self._leg.play(*prompts.BAD_PIN)
            return
        if await self._dialled(prompts.NEW_PIN_AGAIN, most=LONGEST_PIN) != pin:
            await self._leg.play(*prompts.PINS_DIFFER)
            return
        with suppress(ServiceError):  # the mailbox was removed meanwhile
            await self._voicemail.change_pin(self._box, pin, by=self._caller)
            await self._leg.play(*prompts.PIN_CHANGED)

    async def _dialled(self, sounds: tuple[Sound, ...], *, most: int, ends: str = "#") -> str:
        return await ask_digits(self._leg, *sounds, most=most, first_s=KEY_S, next_s=KEY_S, ends=ends)


class GreetingRecorder:
    """Records a personal greeting of a mailbox by phone (VM-3), in a call; `by` is who asks for it.

    `note_kept`: noted on the leg once it is kept, so that no later server asks for it again; None: nothing.
    """

    def __init__(
        self,
        voicemail: Voicemail,
        leg: Leg,
        box: str,
        *,
        by: str,
        call_id: str,
        note_kept: Place | None = None,
    ) -> None:
        self._note_kept = note_kept
        self._voicemail = voicemail
        self._leg = leg
        self._box = box
        self._by = by
        self._name = recording_name(call_id)

    async def record(self, name: str, *, use: bool = False) -> None:
        """Record until `#` or the hang-up; `use`: callers hear it from then on. Raises `LegGone`."""
        await self._leg.play(*prompts.GREETING, *prompts.BEEP)
        try:
            recorded = await self._leg.record(self._name, longest_s=GREETING_S)
        except LegGone:
            raise
        except SwitchError as error:
            _log.warning("No greeting can be recorded for mailbox %s: %s", self._box, error)
            await self._voicemail.discard_failed(self._name)
            await self._leg.play(*prompts.FULL)
            return
        await self._end(name, recorded, use=use)

    async def go_on(self, name: str) -> bool:
        """Go on with the greeting that is recorded since a former server process; False: there is none."""
        recorded = await self._leg.recording(self._name)
        if recorded is None:
            return False
        await self._end(name, recorded, use=False)
        return True

    async def _end(self, name: str, recorded: Recorded, *, use: bool) -> None:
        kept = await self._keep(name, recorded, use=use)
        if self._leg.state is LegState.UP:
            if kept and self._note_kept is not None:
                await note(self._leg, self._note_kept)
            await self._leg.play(*(prompts.SAVED if kept else prompts.WRONG))

    async def _keep(self, name: str, recorded: Recorded, *, use: bool) -> bool:
        try:
            greeting = await self._voicemail.greetings.keep(self._box, name, recorded, by=self._by)
            if use:
                await self._voicemail.use_greeting(self._box, greeting.id, by=self._by)
        except (ServiceError, SQLAlchemyError) as error:
            _log.warning("The greeting of mailbox %s was not kept: %s", self._box, error)
            return False
        return True
