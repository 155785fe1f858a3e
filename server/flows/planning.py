"""Where calls go: routes, then how each extension wants to be reached (PRES-8, ADMIN-2).

Nothing here is awaited: configuration, settings, presence and phones are in memory.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import partial

from server.clock import Clock
from server.contract.boss import Boss
from server.contract.decisions import Decision, DecisionKind, Refusal
from server.contract.destinations import Destination, DestinationKind
from server.contract.features import Feature, FeatureCodes
from server.contract.ivr import Ivr
from server.contract.reaching import EndpointKind
from server.contract.routing import RingGroup
from server.flows.conference import Rooms
from server.flows.group_rings import rings_for_boss, rings_of_group
from server.flows.intercom import intercom
from server.flows.ivr import Exits, Spoken, announcement, menu
from server.flows.outside import Outside
from server.flows.places import Place
from server.flows.plan_parts import INSIDE, REFUSALS, call_back, follow_of, is_mailbox, is_on, together, wish
from server.flows.queue import QueueExits, waiting_line
from server.flows.stops import Following, Ring, Stop, Target
from server.flows.voicemail import Mailboxes
from server.flows.way import Caller, Way
from server.rules.boss_secretary import First, ForBoss, first_of
from server.rules.diversion import diverted
from server.rules.endpoints import kind_of
from server.rules.features import FeatureCall, Retrieval, may_become_in_call
from server.rules.forwarding import (
    OWN_VOICEMAIL,
    Arrival,
    DecidedBy,
    Endpoints,
    Follow,
    Plan,
    leads_on,
    reach,
)
from server.rules.numbers import canonical
from server.rules.outcomes import Ending
from server.rules.routing import (
    Call,
    EmergencyCall,
    Forwarded,
    FromExtension,
    FromTrunk,
    Snapshot,
    route,
    route_to,
)
from server.services.directory import Directory
from server.services.emergencies import Emergencies
from server.services.presence import PresenceService
from server.services.queues import Queues
from server.services.reaching import Reaching
from server.switch.port import Contact, Leg, LegState, Party, Switch

FLIP_S = 30.0
"""Seconds that the other own phones ring to take a call over."""

_BEFORE_SECRETARIES = (DecidedBy.EMERGENCY_CALL_BACK, DecidedBy.CALLER_RULE)
"""Steps of PRES-8 that come before the secretaries."""

_MISSED = frozenset({DecidedBy.ALL_BUSY, DecidedBy.BUSY})
"""Where a call that rings nowhere is one that its owner would have taken, and so is in the owner's log."""


class Planner:
    """Plans the ways of calls. `snapshot` gives the configuration as of now."""

    def __init__(
        self,
        *,
        switch: Switch,
        directory: Directory,
        presence: PresenceService,
        reaching: Reaching,
        snapshot: Callable[[], Snapshot],
        clock: Clock,
        mailboxes: Mailboxes,
        spoken: Spoken,
        rooms: Rooms,
        queues: Queues,
        emergencies: Emergencies,
        silent_trunks: Callable[[], Collection[str]],
    ) -> None:
        """`silent_trunks`: see `Outside`."""
        self._emergencies = emergencies
        self._switch = switch
        self._directory = directory
        self._presence = presence
        self._reaching = reaching
        self._snapshot = snapshot
        self._clock = clock
        self._mailboxes = mailboxes
        self._spoken = spoken
        self._rooms = rooms
        self._queues = queues
        self._outside = Outside(switch, snapshot, silent_trunks)

    def plan(self, caller: Caller, dialled: str) -> Following | FeatureCall | Retrieval:
        """Where this call goes first, or what is done for the caller, or how it ends at once."""
        if caller.trunk and not caller.sent_by:
            call: FromTrunk | FromExtension = FromTrunk(
                caller.trunk, dialled, caller.party.number, caller.marked
            )
        else:
            call = FromExtension(caller.sent_by or caller.extension, dialled)
        decision = self._route(call, self._emergencies.recent())
        if decision.emergency_call_back:
            return self._called_back(decision, dialled, Way(caller))
        does = decision.kind in (DecisionKind.FEATURE, DecisionKind.PARKING_SLOT)
        calls = decision.feature is Feature.INTERCOM and not caller.sent_by
        if does and not calls and not is_mailbox(decision):
            # Who is sent on has dialled nothing, and nothing is to be done for it.
            return wish(decision) if not caller.sent_by else Ending.FORBIDDEN
        following = self._lead(decision, Way(caller))
        if isinstance(following, Ending) and decision.kind is DecisionKind.EXTENSION and caller.trunk:
            # The number it dialled does not tell whose log this call belongs in.
            callee = Party(decision.number, self._directory.name(decision.number))
            return Stop((callee,), (), after=lambda _: following)
        return following

    def resume(self, caller: Caller, place: Place) -> Following:
        """Where a call goes on that a former server process has left at this place, as of now.

        Where nothing has changed meanwhile that is the same place; what was tried there does not ring again.
        """
        if place.errand is not None:
            return self._mailboxes.errand(place.number, place.errand, by=caller.extension)
        way = Way.to(place, caller)
        if place.call_back:
            following = self._called_back(place.decision, place.call_back, way)
        else:
            following = self._lead(place.decision, way)
        if not isinstance(following, Stop) or following.place is None or not place.is_at(following.place):
            return following
        rings = tuple(ring for ring in following.rings if ring.name not in place.tried)
        return replace(
            following,
            rings=rings,
            with_phones=following.with_phones if rings or not place.tried else None,
            place=following.place.with_changes(tried=place.tried),
        )

    def codes(self) -> FeatureCodes:
        """The feature codes, as of now."""
        return self._snapshot().codes

    def is_unknown(self, extension: str, dialled: str) -> bool:
        """Whether no rule knows what this extension would dial."""
        return self._route(FromExtension(extension, dialled)).refusal is Refusal.UNKNOWN_NUMBER

    def may_become_in_call(self, keys: str) -> bool:
        """Whether keys that follow could still make a feature of these."""
        snapshot = self._snapshot()
        return may_become_in_call(snapshot.codes, keys, slot_digits=len(snapshot.parking.first_slot))

    def is_emergency(self, extension: str, dialled: str) -> bool:
        """Whether a call from this extension is one that no rule may hold up (SIP-12)."""
        decision = self._route(FromExtension(extension, dialled))
        return decision.kind is DecisionKind.EMERGENCY

    def _lead(self, decision: Decision, way: Way) -> Following:
        """What was dialled, or where a call was, leads there."""
        if is_mailbox(decision):
            return way.placed(self._voicemail(way.caller, decision), decision)
        if decision.feature is Feature.INTERCOM:
            return way.placed(
                intercom(
                    decision.number,
                    way.caller.extension,
                    directory=self._directory,
                    presence=self._presence,
                    switch=self._switch,
                ),
                decision,
            )
        return self._follow(decision, way)

    def _follow(self, decision: Decision, way: Way) -> Following:
        number = decision.number
        ways: dict[DecisionKind, Callable[[], Following]] = {
            DecisionKind.EXTENSION: lambda: self._extension(number, way),
            DecisionKind.RING_GROUP: lambda: self._ring_group(number, way),
            DecisionKind.IVR: lambda: self._ivr(number, way),
            DecisionKind.QUEUE: lambda: self._queue(number, way),
            DecisionKind.CONFERENCE: lambda: self._rooms.machine(number) or Ending.UNKNOWN_NUMBER,
            DecisionKind.PROMPT: lambda: announcement(number, self._spoken, way.language),
            DecisionKind.VOICEMAIL: lambda: self._mailboxes.deposit(number) or Ending.UNKNOWN_NUMBER,
            DecisionKind.GROUP_VOICEMAIL: lambda: self._mailboxes.deposit(number) or Ending.UNKNOWN_NUMBER,
            DecisionKind.OUTBOUND: lambda: self._outside.stop(decision, way.caller.party),
            DecisionKind.EMERGENCY: lambda: self._outside.stop(decision, way.caller.party),
            DecisionKind.HANG_UP: lambda: Ending.DECLINED,
        }
        if decision.kind in ways:
            return way.placed(ways[decision.kind](), decision)
        return REFUSALS.get(decision.refusal or Refusal.UNKNOWN_NUMBER, Ending.FAILED)

    # Extensions

    def _called_back(self, decision: Decision, dialled: str, way: Way) -> Following:
        """The way to all phones of who has made an emergency call; from there the usual one (PRES-8)."""
        number = decision.number

        def at(phones: tuple[Contact, ...]) -> Stop:
            plan = self._reach(number, way, phones, call_back=True)
            return call_back(
                Party(number, self._directory.name(number)),
                tuple(
                    Ring(self._targets(plan, one.kinds, phones, number, way), one.timeout_s)
                    for one in plan.stages
                ),
                as_usual=lambda: self._as_usual(number, dialled, way.caller),
                with_phones=at,
            )

        return way.placed(at(self._switch.contacts(number)), decision, call_back=dialled)

    def _as_usual(self, number: str, dialled: str, caller: Caller) -> Following:
        """Where a call-back of this extension would go if it was none."""
        decision = self._route(FromTrunk(caller.trunk, dialled, caller.party.number))
        if decision.kind is DecisionKind.REFUSED:  # the number is nobody's
            decision = Decision(kind=DecisionKind.EXTENSION, number=number, steps=())
        return self._lead(decision, Way(caller))

    def _extension(self, number: str, way: Way, phones: tuple[Contact, ...] | None = None) -> Following:
        """The way through an extension; `phones`: those that are registered, as the engine just said."""
        if number == way.caller.extension and not way.visited:
            return Ending.OWN_NUMBER
        known = self._switch.contacts(number) if phones is None else phones
        plan = self._reach(number, way, known)
        if plan.decided_by not in _BEFORE_SECRETARIES and (stop := self._secretaries(number, way)):
            return stop
        here = way.at(DestinationKind.EXTENSION, number)
        if plan.at_once is not None and not (plan.at_once.ending is Ending.UNREGISTERED and phones is None):
            if plan.decided_by not in _MISSED or plan.at_once.destination is None:
                return self._then(plan.at_once, number, here)
            on = self._then(plan.at_once, number, here)
            callee = Party(number, self._directory.name(number))
            return Stop((callee,), (), after=lambda _: on, instead=plan.at_once.ending)
        rings = tuple(
            Ring(
                self._targets(plan, stage.kinds, known, number, here),
                stage.timeout_s,
                "+".join(sorted(stage.kinds)) or "mobile",
            )
            for stage in plan.stages
        )
        return Stop(
            callees=(Party(number, self._directory.name(number)),),
            rings=rings,
            after=lambda ending: self._then(follow_of(plan, ending), number, here),
            one_declines_all=plan.all_reject,
            with_phones=partial(self._with_phones, number, way),
        )

    def _secretaries(self, number: str, way: Way) -> Stop | None:
        """The secretaries of this boss, who are called first; None if the call is the boss's own (BOSS-1)."""
        boss = self._snapshot().get(Boss, number)
        if boss is None or number in way.past_secretaries or (way.through_group and not way.caller.sent_by):
            return None
        caller = way.caller
        group = self._snapshot().get(RingGroup, boss.ring_group)
        first = first_of(
            boss,
            group,
            ForBoss(canonical(caller.party.number) or "", internal=not caller.trunk, sent_by=caller.sent_by),
        )
        past = replace(way, past_secretaries=way.past_secretaries | {number})
        own = Decision(kind=DecisionKind.EXTENSION, number=number, steps=())
        who = Party(number, self._directory.name(number))
        found = self._at_secretaries(boss, group, first, way)
        if not found:
            return None
        return Stop(
            callees=tuple(Party(one, self._directory.name(one)) for one in found),
            rings=rings_for_boss(boss, group, first, found),
            after=lambda _: self._follow(own, past),
            headers=diverted(who.number, who.name),
            boss=who,
        )

    def _at_secretaries(
        self, boss: Boss, group: RingGroup | None, first: First, way: Way
    ) -> dict[str, tuple[Target, ...]]:
        """What rings at each of them, as at members of a group; none of those who must not be disturbed."""
        here = replace(way.at(DestinationKind.EXTENSION, boss.name), through_group=True)
        if group is not None:
            here = here.at(DestinationKind.RING_GROUP, group.number)
        # Whoever rings for a boss is called as a colleague would be, whoever has sent the caller.
        here = replace(here, caller=replace(here.caller, sent_by=""))
        everybody = (*first.secretaries, *first.members)
        return {one: targets for one in everybody if (targets := self._member(one, here))}

    def _with_phones(self, number: str, way: Way, phones: tuple[Contact, ...]) -> Stop:
        found = self._extension(number, way, phones)
        callees = (Party(number, self._directory.name(number)),)
        if isinstance(found, Stop) and found.callees == callees:
            return found
        return Stop(callees, (), after=lambda _: found)  # it leads elsewhere, or ends

    def _reach(self, number: str, way: Way, phones: Collection[Contact], *, call_back: bool = False) -> Plan:
        extension = self._directory.get(number)
        kinds = frozenset(kind_of(phone.user_agent) for phone in phones)
        return reach(
            self._reaching.of(number),
            self._presence.of(number).status,
            Arrival(
                caller=canonical(way.caller.party.number) or "",
                internal=not way.caller.trunk,
                through_group=way.through_group,
                transferred=bool(way.caller.sent_by),
                emergency_call_back=call_back,
            ),
            Endpoints(
                kinds,
                self._busy(number, phones, kinds),
                extension.mobile if extension else None,
                has_voicemail=self._mailboxes.takes_messages(number),
            ),
        )

    def _busy(
        self, number: str, phones: Collection[Contact], kinds: frozenset[EndpointKind]
    ) -> frozenset[EndpointKind]:
        """Kinds of which a phone is in a call; one that is not known counts where there is only one kind."""
        busy: set[EndpointKind] = set()
        for leg in self._switch.legs():
            if busy == kinds:
                break  # nothing can be added, however many calls there are
            if leg.number != number or not (leg.inbound or leg.state is LegState.UP):
                continue
            on = {kind_of(phone.user_agent) for phone in phones if is_on(phone, leg)}
            busy |= on or (kinds if len(kinds) == 1 else frozenset())
        return frozenset(busy)

    def _targets(
        self,
        plan: Plan,
        kinds: Collection[EndpointKind],
        phones: tuple[Contact, ...],
        number: str,
        way: Way,
    ) -> tuple[Target, ...]:
        rung = tuple(phone for phone in phones if kind_of(phone.user_agent) in kinds)
        # A phone that does not answer the engine's checks is rung only if there is no better one.
        targets: tuple[Target, ...] = tuple(phone for phone in rung if phone.reachable) or rung
        if plan.mobile:
            decision = self._forwarded(plan.mobile, number)
            targets += together(self._outside.numbers(decision, way.caller.party))
        return targets

    def flip(self, by: Leg) -> Stop | Ending:
        """The way to the other phones of the extension that talks on this leg, whatever its settings say."""
        known = self._switch.contacts(by.number)
        others = tuple(phone for phone in known if not is_on(phone, by))
        rung = tuple(phone for phone in others if phone.reachable) or others
        if not rung:
            return Ending.UNREGISTERED
        own = Party(by.number, self._directory.name(by.number))
        return Stop(callees=(own,), rings=(Ring(rung, FLIP_S),))

    # Ring groups

    def _ring_group(self, number: str, way: Way) -> Following:
        group = self._snapshot().get(RingGroup, number)
        if group is None:
            return Ending.UNKNOWN_NUMBER
        here = replace(way.at(DestinationKind.RING_GROUP, number), through_group=True)
        members = {member: targets for member in group.members if (targets := self._member(member, here))}
        follow = Follow(group.destination, Ending.NO_ANSWER)
        return Stop(
            callees=tuple(Party(member, self._directory.name(member)) for member in members),
            rings=rings_of_group(group, members),
            after=lambda _: self._then(follow, "", replace(here, through_group=False)),
        )

    def _member(self, number: str, way: Way) -> tuple[Target, ...]:
        """What rings at a member of a group: all its first phones; none if it must not be disturbed."""
        if self._directory.get(number) is None or number == way.caller.extension:
            return ()
        phones = self._switch.contacts(number)
        plan = self._reach(number, way, phones)
        if plan.at_once is not None or not plan.stages:
            return ()
        return self._targets(plan, plan.stages[0].kinds, phones, number, way)

    # Menus

    def _ivr(self, number: str, way: Way) -> Following:
        ivr = self._snapshot().get(Ivr, number)
        if ivr is None:
            return Ending.UNKNOWN_NUMBER
        here = way.at(DestinationKind.IVR, number, ivr.language)
        anew = replace(here, visited=())  # who chooses may come back here as often as they like
        return menu(
            ivr,
            self._spoken,
            Exits(
                chosen=lambda to: self._then(Follow(to, Ending.UNKNOWN_NUMBER), "", anew),
                given_up=lambda to: self._then(Follow(to, Ending.NO_ANSWER), "", here),
                is_extension=lambda dialled: self._directory.get(dialled) is not None,
            ),
        )

    # Queues

    def _queue(self, number: str, way: Way) -> Following:
        queue = self._queues.settings_of(number)
        if queue is None:
            return Ending.UNKNOWN_NUMBER
        here = way.at(DestinationKind.QUEUE, number, queue.language)
        anew = replace(here, visited=())
        exits = QueueExits(
            chosen=lambda to: self._then(Follow(to, Ending.UNKNOWN_NUMBER), "", anew),
            failed_over=lambda to: self._then(Follow(to, Ending.NO_ANSWER), "", here),
            phones=lambda agent: self._member(agent, replace(here, through_group=True)),
            name=self._directory.name,
            spoken=self._spoken,
        )
        return waiting_line(queue, self._queues, exits)

    # Voicemail

    def _voicemail(self, caller: Caller, decision: Decision) -> Following:
        """What `*2` and `*12` lead to; a call that is sent on may leave a message only."""
        if decision.feature is Feature.LEAVE_MESSAGE:
            return self._mailboxes.deposit(decision.number) or Ending.NOTHING_THERE
        if caller.sent_by:
            return Ending.FORBIDDEN
        return self._mailboxes.menu(caller.extension, decision.number) or Ending.NOTHING_THERE

    # What follows

    def _then(self, follow: Follow, number: str, way: Way) -> Following:
        """The next stop by a rule of extension `number`, or by the administrator's ("")."""
        to = follow.destination
        if to is None:
            return follow.ending
        if to == OWN_VOICEMAIL:
            to = Destination(kind=DestinationKind.VOICEMAIL, value=number)
        if to.kind is DestinationKind.EXTERNAL:
            decision = self._forwarded(to.value, number)
        else:
            decision = route_to(self._snapshot(), self._directory, to, self._clock.now(), way.caller.asks)
        inside = INSIDE.get(decision.kind)  # an "external" number may be a colleague's
        if inside is not None and not leads_on(way.visited, Destination(kind=inside, value=decision.number)):
            return follow.ending
        following = self._follow(decision, way)
        return follow.ending if following is Ending.UNKNOWN_NUMBER else following

    def _forwarded(self, dialled: str, by: str) -> Decision:
        return self._route(Forwarded(dialled, by))

    def _route(self, call: Call, emergencies: Collection[EmergencyCall] = ()) -> Decision:
        return route(self._snapshot(), self._directory, call, self._clock.now(), emergencies)
