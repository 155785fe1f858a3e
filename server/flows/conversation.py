"""Two legs talk: until either side hangs up, and over the holds and transfers that they ask for (SIP-4).

A transfer is a call of its own, from who stays to who is reached, in the task and the bridge of the call it
comes from. That one ends, for the log, when the transfer is done. A transfer that fails changes nothing.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from server.contract.features import Feature
from server.flows.consultation import Consultation, Wish
from server.flows.holding import Holding
from server.flows.resources import Resources
from server.flows.ringing import Ringing
from server.flows.stops import Machine, Stop
from server.flows.taking import Taking
from server.flows.talk import Asked, Nudged, Over, Taken, Talk
from server.flows.tape import Tape
from server.flows.waiting import unless_gone
from server.rules.features import FeatureCall
from server.rules.outcomes import Ending
from server.services.call_log_store import Call
from server.switch.port import Bridge, Leg, LegGone, LegState, Reason, Sound, SwitchError, TransferProgress

if TYPE_CHECKING:
    from server.flows.extension_call import ExtensionCall

NO_SLOT = Sound.prompt("beeperr")
"""What is heard by who wants to park a call where no slot is free, or not the one that is wanted."""

NOT_DONE = Sound.prompt("beeperr")
"""What is heard by whose transfer, or flip, by keys has failed."""

BUSY = "The call is being transferred or parked."
ENDED = "The call has ended."

GOODBYE_S = 1.0
"""Seconds that a phone has to hang up by itself after its transfer is done; some never do."""
CANCELLED_S = 0.25
"""Seconds from the end of a leg that rang until its phone surely has heard of it: the engine tells us first,
and sends its CANCEL then; a phone for one call at a time would still be busy."""


async def converse(call: "ExtensionCall", resources: Resources, phone: Leg, *, resumed: bool = False) -> None:
    """Stay while caller and phone, who are in the call's bridge, talk, and to the end of their transfers.

    `resumed`: they did so before a restart; if one of them held the call, both may be out of the bridge.
    """
    talk = Talk(resources, call.desk, call.caller, phone)
    recorder = call.desk.recorder
    tape = recorder.tape(call.live, resources.bridge, call.caller, phone)
    holding = Holding(call.desk.switch, resources, talk, tape)
    call.desk.talk(talk)
    try:
        await holding.begin(resumed=resumed)
        while not isinstance(asked := await talk.next(), Over):
            if isinstance(asked, Nudged):
                await holding.carry_out()
                continue
            if isinstance(asked, Taken):
                call.desk.silence(talk)
                if await Taking(call, resources, talk, tape, converse).carry_out(asked):
                    return
                call.desk.talk(talk)
                continue
            if asked.by_keys and _wants_to_record(call, asked.transfer.target):
                recorder.spawn(tape.by_keys(asked.by))  # the talk must not wait for what is said then
                continue
            transfer = _Transfer(call, resources, talk, asked, tape)
            if not transfer.can_begin():
                continue
            call.desk.silence(talk)  # nobody may take one of the two away meanwhile
            talk.refuse_taker()
            talk.refuse_parking(BUSY)
            try:
                await tape.suspend()
                await holding.lift()
                if not await transfer.carry_out():
                    return
            finally:
                transfer.give_back()
            await tape.go_on()
            call.desk.talk(talk)
    finally:
        call.desk.silence(talk)
        talk.refuse_taker()
        talk.refuse_parking(ENDED)
        holding.close()
        tape.close()


def _wants_to_record(call: "ExtensionCall", keys: str) -> bool:
    wanted = call.desk.in_call(keys)
    return wanted is not None and wanted.feature is Feature.RECORD


class _Transfer:
    """One transfer: `by` has asked that its partner, who `stays`, goes elsewhere."""

    def __init__(
        self, call: "ExtensionCall", resources: Resources, talk: Talk, asked: Asked, tape: Tape
    ) -> None:
        self._call = call
        self._desk = call.desk
        self._resources = resources
        self._by = asked.by
        self._stays = talk.partner(asked.by)
        self._asked = asked.transfer
        self._by_keys = asked.by_keys
        self._parking = asked.parking
        self._slot = ""
        """Reserved, and no call is parked there yet."""
        self._tape = tape
        self._is_done = False
        # Looked up at once: the phone that asks gives its own call up in the same moment.
        consultation = self._asked.consultation
        self._unanswered = call.desk.unanswered(consultation) if consultation is not None else None

    def can_begin(self) -> bool:
        """Reserve the slot for whom is to be parked over the API; False: it is refused, nothing changes."""
        if self._parking is None:
            return True
        wanted = self._parking.slot
        self._slot = self._desk.lot.reserve(wanted)
        if not self._slot:
            self._parking.failed(
                f"Parking slot {wanted} is taken: choose another." if wanted else "No parking slot is free."
            )
        return bool(self._slot)

    def give_back(self) -> None:
        """It is over: a slot that was not used is free again, and who waits for an answer gets one."""
        if self._slot:
            self._desk.lot.clear(self._slot)
            self._slot = ""
        if self._parking is not None:
            self._parking.failed(ENDED)  # unless it is clear already

    async def carry_out(self) -> bool:
        """Do it, and stay to the end of what comes of it. True: it failed, and the two talk on."""
        if self._parking is not None:
            return await self._wait_on_slot()
        consultation = self._asked.consultation
        if consultation is None:
            return await self._send_to(self._asked.target)
        if consultation.number != self._by.number:
            return await self._send_to("")  # whoever names a call of others takes nobody away from them
        if other := await self._calm_talk_of(consultation):
            self._desk.silence(other)  # nobody else may join it in this moment
            return await self._join(other.release_partner(consultation))
        # Nobody has answered the consultation yet: who stays calls in its place.
        if self._unanswered is None:
            return await self._send_to("")
        await self._give_up(consultation, self._unanswered)
        return await self._send_to(self._unanswered.dialled)

    async def _give_up(self, consultation: Leg, call: Call) -> None:
        """The consultation ends, as the phone that made it is about to end it.

        What rings for it is free only then: a phone for one call at a time would be busy.
        """
        rung = self._legs_of(call)
        with suppress(SwitchError):
            await consultation.hangup(Reason.CANCELLED)
        await self._until_free(rung)

    def _legs_of(self, call: Call) -> list[Leg]:
        return [leg for leg in self._desk.switch.legs() if leg.id in call.legs]

    async def _until_free(self, rung: Sequence[Leg]) -> None:
        """Return when phones that are told to ring no longer have surely heard of it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(*(leg.gone() for leg in rung))
        await asyncio.sleep(CANCELLED_S)

    async def _calm_talk_of(self, leg: Leg) -> Talk | None:
        """The conversation of this leg, in which nothing is being changed now."""
        while (talk := self._desk.talk_of(leg)) is not None and talk.busy.locked():
            async with talk.busy:
                pass
        return talk

    async def _send_to(self, target: str) -> bool:
        """Blind transfer: who stays calls the target, and whoever sent it is out once somebody answers.

        If nobody does, the two talk on; if the sender has hung up by then, it is called back.
        """
        if not target:
            await self._by.tell_transfer(TransferProgress.FAILED)
            return True
        wanted = self._desk.in_call(target) if self._by_keys else self._desk.parking(target)
        match wanted.feature if wanted is not None else None:
            case Feature.PARK | Feature.PARK_AT if wanted is not None:
                return await self._park(wanted)
            case Feature.ATTENDED_TRANSFER if wanted is not None:
                return await self._consult(wanted.number)
            case Feature.FLIP:
                return await self._flip()
            case Feature.BLIND_TRANSFER if wanted is not None:
                target = wanted.number
        return await self._send_on(target)

    async def _send_on(self, target: str) -> bool:
        bridge = await self._resources.bridge()
        await bridge.remove(self._by, self._stays)
        if self._by_keys:
            with suppress(LegGone):  # it has hung up already, as people do
                await self._by.ring()
        else:
            await self._by.tell_transfer(TransferProgress.RINGING)
        if await self._try(target):
            return False
        if LegState.GONE not in (self._by.state, self._stays.state):
            with suppress(LegGone):  # hung up in this moment, or while it was told
                await self._give_call_back(bridge)
                return True
        if self._by.state is LegState.GONE and self._stays.state is LegState.UP:
            await bridge.remove(self._stays)
            await self._try(self._by.number)
        return False

    async def _give_call_back(self, bridge: Bridge) -> None:
        """The two talk again; who asked is told that nobody has answered. Raises `LegGone`."""
        if self._by_keys:
            await self._by.stop_ringing()
            await self._say(NOT_DONE)
        else:
            await self._by.tell_transfer(TransferProgress.FAILED)
        await self._stays.stop_ringing()
        await bridge.add(self._by, self._stays)

    async def _consult(self, number: str) -> bool:
        """Attended transfer by keys: whoever asked for it talks to `number` first."""
        bridge = await self._resources.bridge()
        await bridge.remove(self._by, self._stays)
        await self._stays.start_music()
        consultation = Consultation(self._call, self._resources, self._by, self._stays)
        wish = await consultation.ask(number)
        partner = consultation.partner
        if wish is Wish.LEFT_ALONE and partner is not None:
            self._call.live.ended(Ending.ANSWERED)
            await consultation.asked.logged(self._go_on(consultation.asked, partner))
            return False
        if wish is Wish.LEFT_ALONE:
            return False
        if wish is Wish.COMPLETE:
            await self._stays.stop_music()
            if partner is not None:
                return await self._join(partner)
            await self._until_free(self._legs_of(consultation.asked.live.call))
            return await self._send_on(number)
        await self._by.stop_ringing()
        if not consultation.asked.live.is_answered:
            await self._say(NOT_DONE)
        await self._stays.stop_music()
        if missing := [leg for leg in (self._by, self._stays) if leg.id not in bridge.legs]:
            await bridge.add(*missing)
        return True

    async def _go_on(self, call: "ExtensionCall", partner: Leg) -> Ending:
        await converse(call, self._resources, partner)
        return Ending.ANSWERED

    async def _flip(self) -> bool:
        """The other phones of whoever asked ring; the two talk on until one of them is answered."""
        placement = self._desk.flip(
            self._stays,
            self._by,
            within=self._call.live.call.bridge_id,
            boss=self._desk.for_whom(self._by),
        )
        successor = replace(self._call, live=placement.live, caller=self._stays)
        answer: Leg | Machine | Ending = Ending.UNREGISTERED
        try:
            if isinstance(placement.stop, Stop):
                answer = await self._until_answered(Ringing(successor, self._resources).walk(placement.stop))
        finally:
            if not isinstance(answer, Leg):
                self._resources.hang_up_others(successor.live.call.legs, None, Reason.CANCELLED)
                self._desk.drop(self._call.live.call.bridge_id, placement.live)
        if isinstance(answer, Leg):
            successor.live.begun()
            await successor.logged(self._go_over(successor, answer))
            return False
        if LegState.GONE in (self._by.state, self._stays.state):
            return False
        await self._say(NOT_DONE)
        return True

    async def _until_answered(
        self, ringing: Coroutine[Any, Any, Leg | Machine | Ending]
    ) -> Leg | Machine | Ending:
        """What comes of ringing the own phones; who stays hears it ring once the asker has hung up."""
        answer = asyncio.ensure_future(ringing)
        stays_gone = asyncio.ensure_future(self._stays.gone())
        by_gone = asyncio.ensure_future(self._by.gone())
        everything: tuple[asyncio.Future[Any], ...] = (answer, stays_gone, by_gone)
        try:
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            if by_gone.done() and not (answer.done() or stays_gone.done()):
                await (await self._resources.bridge()).remove(self._stays)
                await self._stays.ring()
                await asyncio.wait((answer, stays_gone), return_when=asyncio.FIRST_COMPLETED)
            return Ending.CALLER_GAVE_UP if stays_gone.done() else answer.result()
        finally:
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)

    async def _go_over(self, successor: "ExtensionCall", phone: Leg) -> Ending:
        await successor.connect(self._resources, phone)
        await (await self._resources.bridge()).remove(self._by)
        await self._dismiss()
        await converse(successor, self._resources, phone)
        return Ending.ANSWERED

    async def _park(self, wanted: FeatureCall) -> bool:
        """Who stays waits on a slot; whoever asked for that by keys is told its number, and is out then."""
        self._slot = self._desk.lot.reserve(wanted.number) if self._by.number else ""
        if not self._slot:
            if self._by_keys:
                await self._say(NO_SLOT)
            else:
                await self._by.tell_transfer(TransferProgress.FAILED)
            return True
        return await self._wait_on_slot()

    async def _wait_on_slot(self) -> bool:
        bridge = await self._resources.bridge()
        await bridge.remove(self._by, self._stays)
        await self._stays.start_music()
        if self._by_keys:
            await self._say(Sound.digits(self._slot))
        number = self._by.number
        placement = self._desk.begin(
            self._stays, number, within=self._call.live.call.bridge_id, sent_by=number
        )
        placement.live.parked(self._slot)
        successor = replace(self._call, live=placement.live, caller=self._stays)
        await self._dismiss()
        slot, self._slot = self._slot, ""  # from here on it is free once this call has left it
        if self._parking is not None:
            self._parking.succeeded(slot)
        await successor.logged(successor.wait_parked(self._resources, slot, by=number))
        return False

    async def _say(self, sound: Sound) -> None:
        """Say something to who asked, unless it hangs up, or it cannot be said."""
        with suppress(SwitchError):
            await self._by.play(sound)

    async def _try(self, number: str) -> bool:
        """Who stays calls this number, to the end of that call; whether it was answered.

        So it was, too, if a machine answered and sent the call on to where nobody does.
        """
        placement = self._desk.begin(
            self._stays, number, within=self._call.live.call.bridge_id, sent_by=self._by.number
        )
        successor = replace(self._call, live=placement.live, caller=self._stays)
        if not isinstance(placement.stop, Stop | Machine):
            placement.live.ended(placement.stop if isinstance(placement.stop, Ending) else Ending.FORBIDDEN)
            return False
        await successor.logged(self._pursue(successor, placement.stop))
        if not successor.live.is_answered:
            self._resources.hang_up_others(successor.live.call.legs, None, Reason.NO_ANSWER)
        return successor.live.is_answered or self._is_done

    async def _pursue(self, successor: "ExtensionCall", stop: Stop | Machine) -> Ending:
        if isinstance(stop, Machine):
            return await successor.be_served(self._resources, stop, self._dismiss)
        await self._stays.ring()
        result = await unless_gone(self._stays, Ringing(successor, self._resources).walk(stop))
        if isinstance(result, Ending):
            return result
        if isinstance(result, Machine):
            return await successor.be_served(self._resources, result, self._dismiss)
        await successor.connect(self._resources, result)
        await self._dismiss()
        await converse(successor, self._resources, result)
        return Ending.ANSWERED

    async def _join(self, partner: Leg) -> bool:
        """Attended transfer: who stays and the one who was consulted talk."""
        self._resources.take(partner)
        bridge = await self._resources.bridge()
        await bridge.remove(self._by)
        try:
            await self._arrange(bridge, partner)
        except LegGone:
            await self._by.tell_transfer(TransferProgress.FAILED)
            await bridge.add(self._by)
            if self._stays.state is not LegState.GONE and self._stays.id not in bridge.legs:
                await bridge.add(self._stays)
            return True
        live = self._desk.join(
            self._stays,
            partner,
            within=self._call.live.call.bridge_id,
            boss=self._desk.for_whom(partner),
        )
        successor = replace(self._call, live=live, caller=self._stays)
        await successor.logged(self._converse(successor, partner))
        return False

    async def _arrange(self, bridge: Bridge, partner: Leg) -> None:
        """Let the two talk; or, if they are to be told something first, let neither of them hear anybody."""
        legs = (self._stays, partner)
        if not self._desk.recorder.announces(legs) or self._desk.is_urgent(legs):
            if missing := [leg for leg in legs if leg.id not in bridge.legs]:
                await bridge.add(*missing)
            return
        if self._stays.id in bridge.legs:
            await bridge.remove(self._stays)
        if partner.id not in bridge.legs:
            await bridge.add(partner)  # out of the one in which it was asked
        await bridge.remove(partner)

    async def _converse(self, successor: "ExtensionCall", partner: Leg) -> Ending:
        await self._dismiss()
        await successor.put_together(self._resources, partner)
        await converse(successor, self._resources, partner)
        return Ending.ANSWERED

    async def _dismiss(self) -> None:
        """The one who asked is out: its call ends, for the log now, on its phone in a moment."""
        self._is_done = True
        self._call.live.ended(Ending.ANSWERED)
        self._tape.close()
        phone_asked = not self._by_keys and self._parking is None
        if phone_asked:
            await self._by.tell_transfer(TransferProgress.DONE)
        self._resources.retire(self._by, GOODBYE_S if phone_asked else 0)
