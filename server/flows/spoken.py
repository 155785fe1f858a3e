"""What a phone is told that has dialled a code: it is answered, hears it, and is hung up (CODE-1)."""

import logging
from collections.abc import Awaitable, Callable

from server.flows.extension_call import ExtensionCall
from server.flows.resources import Resources
from server.rules.outcomes import Ending
from server.switch.port import Reason, Sound, SwitchError

_log = logging.getLogger(__name__)

Words = tuple[Sound, ...]


def words(*prompts: str) -> Words:
    """These recordings of the engine, one after the other."""
    return tuple(Sound.prompt(prompt) for prompt in prompts)


PAUSE = Sound.prompt("silence/1")
"""Heard before the words: a call that was just answered swallows its first moments on many a phone."""

INVALID = words("im-sorry", "number", "invalid")
NOT_PERMITTED = words("im-sorry", "feature-not-avail-line")
FAULT = words("im-sorry", "something-terribly-wrong")


class NotDone(Exception):
    """What was dialled is not done: the caller hears `why`, and the log has the call with this `ending`."""

    def __init__(self, why: Words, ending: Ending) -> None:
        super().__init__(f"not done: {ending}")
        self.why = why
        self.ending = ending


async def do_and_tell(call: ExtensionCall, work: Callable[[], Awaitable[Words]]) -> None:
    """Do what the caller has dialled, then tell what came of it. The log has the call only if it failed.

    It is done also for a caller who does not wait for the words.
    """
    async with Resources(call.desk.switch, call.live.call.bridge_id) as resources:
        resources.take(call.caller)
        resources.hang_up_with(call.caller, Reason.NORMAL)
        try:
            said = await work()
        except NotDone as refusal:
            call.live.begun()
            call.live.ended(refusal.ending)
            said = refusal.why
        try:
            await call.caller.answer()
            await call.caller.play(PAUSE, *said)
        except SwitchError as error:
            _log.info("Call %s: its caller did not hear what was said: %s", call.live.call.id, error)
