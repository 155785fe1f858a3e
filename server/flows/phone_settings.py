"""What an extension changes by dialling a code, and how it is told (CODE-1)."""

import logging
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from server.contract.destinations import Destination, DestinationKind
from server.contract.features import Feature
from server.contract.hours import ByHand, TimeCondition
from server.contract.presence import PresenceChange, PresenceStatus
from server.contract.reaching import ForwardingCondition
from server.contract.routing import RingGroup
from server.contract.time_switches import TimeSwitch
from server.flows.spoken import FAULT, INVALID, NOT_PERMITTED, NotDone, Words, words
from server.rules.features import FeatureCall
from server.rules.forwarding_by_code import forward, last_destination
from server.rules.outcomes import Ending
from server.rules.time_switches import state_of, switch_for
from server.services.configuration import Configuration
from server.services.directory import Directory
from server.services.errors import ServiceError
from server.services.presence import PresenceService
from server.services.reaching import Reaching
from server.switch.port import Sound

_log = logging.getLogger(__name__)

ON, OFF = words("activated"), words("de-activated")
IS_SET_TO = words("is-set-to")
DO_NOT_DISTURB = words("do-not-disturb")
HOURS = words("hours")
FORWARDING: Mapping[ForwardingCondition, Words] = {
    ForwardingCondition.ALWAYS: words("call-fwd-unconditional"),
    ForwardingCondition.BUSY: words("call-fwd-on-busy"),
    ForwardingCondition.NO_ANSWER: words("call-fwd-no-ans"),
}
BY_HAND: Mapping[ByHand, Words] = {
    ByHand.AUTOMATIC: (*HOURS, *IS_SET_TO, *words("time")),
    ByHand.OPEN: (*HOURS, *ON),
    ByHand.CLOSED: (*HOURS, *OFF),
}

FORWARD: Mapping[Feature, ForwardingCondition] = {
    Feature.FORWARD_ALWAYS: ForwardingCondition.ALWAYS,
    Feature.FORWARD_BUSY: ForwardingCondition.BUSY,
    Feature.FORWARD_NO_ANSWER: ForwardingCondition.NO_ANSWER,
}
FORWARD_OFF: Mapping[Feature, ForwardingCondition] = {
    Feature.FORWARD_ALWAYS_OFF: ForwardingCondition.ALWAYS,
    Feature.FORWARD_BUSY_OFF: ForwardingCondition.BUSY,
    Feature.FORWARD_NO_ANSWER_OFF: ForwardingCondition.NO_ANSWER,
}


class PhoneSettings:
    """Changes what an extension may change of itself, and time conditions that it has a switch for.

    `configuration` also says which numbers there are.
    """

    def __init__(
        self,
        *,
        reaching: Reaching,
        presence: PresenceService,
        directory: Directory,
        configuration: Configuration,
    ) -> None:
        self._reaching = reaching
        self._presence = presence
        self._directory = directory
        self._configuration = configuration

    async def carry_out(self, number: str, wanted: FeatureCall) -> Words:
        """Do what extension `number` has dialled; what it is told then. Raises `NotDone`."""
        try:
            return await self._carry_out(number, wanted)
        except ServiceError as error:
            _log.info("%s dialled %s %s: %s", number, wanted.feature, wanted.number, error.message)
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER) from error
        except (SQLAlchemyError, OSError) as error:
            _log.warning("%s dialled %s, which cannot be stored: %s", number, wanted.feature, error)
            raise NotDone(FAULT, Ending.FAILED) from error

    async def _carry_out(self, number: str, wanted: FeatureCall) -> Words:
        if (condition := FORWARD.get(wanted.feature)) is not None:
            return await self._forward(number, condition, wanted.number)
        if (condition := FORWARD_OFF.get(wanted.feature)) is not None:
            return await self._forward_no_longer(number, condition)
        match wanted.feature:
            case Feature.DO_NOT_DISTURB:
                return await self._choose(number, PresenceStatus.DO_NOT_DISTURB)
            case Feature.DO_NOT_DISTURB_OFF:
                return await self._disturb_again(number)
            case Feature.PRESENCE:
                return await self._choose(number, _status_of(wanted.number))
            case Feature.TIME_CONDITION:
                return await self._switch_time(number, wanted.number)
        raise NotDone(NOT_PERMITTED, Ending.NOTHING_THERE)

    # Forwarding

    async def _forward(self, number: str, condition: ForwardingCondition, dialled: str) -> Words:
        to = self._destination(number, condition, dialled)
        if to is None:
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER)
        await self._set_forwarding(number, condition, to)
        digits = to.value.removeprefix("+")
        return (*FORWARDING[condition], *((*IS_SET_TO, Sound.digits(digits)) if digits else ON))

    async def _forward_no_longer(self, number: str, condition: ForwardingCondition) -> Words:
        await self._set_forwarding(number, condition, None)
        return (*FORWARDING[condition], *OFF)

    async def _set_forwarding(
        self, number: str, condition: ForwardingCondition, to: Destination | None
    ) -> None:
        changed = forward(self._reaching.of(number), self._presence.of(number).status, condition, to)
        if changed is None:
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        await self._reaching.change(number, changed, by=number)

    def _destination(self, number: str, condition: ForwardingCondition, dialled: str) -> Destination | None:
        """What was dialled behind the code as a destination; None if it is none."""
        if not dialled:
            who = self._directory.get(number)
            return last_destination(
                self._reaching.of(number),
                self._presence.of(number).status,
                condition,
                has_mobile=bool(who is not None and who.mobile),
            )
        if not dialled.removeprefix("+").isdigit():
            return None
        if self._directory.get(dialled) is not None:
            kind = DestinationKind.EXTENSION
        elif self._configuration.snapshot.get(RingGroup, dialled) is not None:
            kind = DestinationKind.RING_GROUP
        else:
            kind = DestinationKind.EXTERNAL
        return Destination(kind=kind, value=dialled)

    # Presence

    async def _choose(self, number: str, status: PresenceStatus | None) -> Words:
        if status is None:
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER)
        await self._presence.change(number, PresenceChange(status=status))
        if status is PresenceStatus.DO_NOT_DISTURB:
            return (*DO_NOT_DISTURB, *ON)
        return (Sound.digits(str([*PresenceStatus].index(status) + 1)), *ON)

    async def _disturb_again(self, number: str) -> Words:
        if self._presence.of(number).status is PresenceStatus.DO_NOT_DISTURB:
            await self._presence.change(number, PresenceChange(status=PresenceStatus.AVAILABLE))
        return (*DO_NOT_DISTURB, *OFF)

    # Time conditions

    async def _switch_time(self, number: str, dialled: str) -> Words:
        who, state = self._directory.get(number), state_of(dialled)
        if state is None:
            raise NotDone(INVALID, Ending.UNKNOWN_NUMBER)
        switches = self._configuration.snapshot.all(TimeSwitch).values()
        switch = switch_for(switches, who, dialled[1:]) if who is not None else None
        if switch is None:
            raise NotDone(NOT_PERMITTED, Ending.FORBIDDEN)
        await self._configuration.alter(
            TimeCondition,
            switch.time_condition,
            lambda condition: condition.model_copy(update={"by_hand": state}),
            by=number,
        )
        return BY_HAND[state]


def _status_of(dialled: str) -> PresenceStatus | None:
    """The status that a digit stands for; None for another one, or more of them."""
    by_digit = {str(digit): status for digit, status in enumerate(PresenceStatus, 1)}
    return by_digit.get(dialled)
