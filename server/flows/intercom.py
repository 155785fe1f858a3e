"""The way to phones that are asked to answer by themselves (SIP-9)."""

from server.flows.stops import Ring, Stop
from server.rules.intercom import AUTO_ANSWER
from server.rules.outcomes import Ending
from server.services.directory import Directory
from server.services.presence import PresenceService
from server.switch.port import Contact, Party, Sound, Switch

INTERCOM_S = 30.0
"""Seconds that phones ring which do not answer by themselves."""

INTERCOM_BEEP = Sound.prompt("beep")


def intercom(
    number: str, caller: str, *, directory: Directory, presence: PresenceService, switch: Switch
) -> Stop | Ending:
    """The way of extension `caller` to extension `number`.

    Never into a call, nor where nobody is to be disturbed, and to nobody else in their place.
    """
    if directory.get(number) is None:
        return Ending.UNKNOWN_NUMBER
    if number == caller:
        return Ending.OWN_NUMBER
    callee = (Party(number, directory.name(number)),)
    refusal = None
    if not presence.accepts_direct_calls(number):
        refusal = Ending.DO_NOT_DISTURB
    elif any(leg.number == number for leg in switch.legs()):
        refusal = Ending.BUSY
    if refusal is not None:
        return Stop(callee, (), after=lambda _: refusal, announced_by=INTERCOM_BEEP)

    def at(phones: tuple[Contact, ...]) -> Stop:
        rung = tuple(phone for phone in phones if phone.reachable) or phones
        return Stop(
            callee,
            (Ring(rung, INTERCOM_S),) if rung else (),
            headers=AUTO_ANSWER,
            announced_by=INTERCOM_BEEP,
            with_phones=at,
        )

    return at(switch.contacts(number))
