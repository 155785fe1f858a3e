"""Whether a call to a boss goes to the secretaries first (BOSS-1), and which pairs there are (BOSS-5).

A call rings at the secretaries of the extension that was called, and nowhere further: that a secretary is a
boss, too, changes nothing about it. So no call goes round in a circle.
"""

from dataclasses import dataclass

from server.contract.boss import Boss, BossCalls
from server.contract.routing import RingGroup
from server.rules.patterns import matches


@dataclass(frozen=True, slots=True)
class ForBoss:
    """A call to a boss.

    Attributes:
        caller: its number, canonical; "" if it is withheld.
        internal: the caller is a colleague.
        sent_by: the colleague who has sent the call on; "": nobody.
    """

    caller: str
    internal: bool
    sent_by: str = ""


@dataclass(frozen=True, slots=True)
class First:
    """Who is called first: these extensions of the boss's own, then these of the ring group.

    Attributes:
        why: in words, for `route explain`.
    """

    secretaries: tuple[str, ...]
    members: tuple[str, ...]
    why: str

    @property
    def anybody(self) -> bool:
        """Whether it is not the boss who is called first."""
        return bool(self.secretaries or self.members)


def secretaries_of(boss: Boss, group: RingGroup | None) -> tuple[str, ...]:
    """All secretaries of a boss, each of them once; `group` is its ring group, if there is one."""
    members = group.members if group is not None else ()
    return tuple(dict.fromkeys(one for one in (*boss.secretaries, *members) if one != boss.name))


def first_of(boss: Boss, group: RingGroup | None, call: ForBoss) -> First:
    """Who is called first."""
    everybody = secretaries_of(boss, group)
    on = tuple(one for one in everybody if one not in boss.switched_off)
    direct = _why_direct(boss, everybody, on, call)
    if direct:
        return First((), (), direct)
    own = tuple(one for one in boss.secretaries if one in on)
    return First(
        own,
        tuple(one for one in on if one not in own),
        f"{boss.name} is a boss: {_kind(call)} calls go to {', '.join(on)} first",
    )


def _why_direct(boss: Boss, everybody: tuple[str, ...], on: tuple[str, ...], call: ForBoss) -> str:
    """Why a call comes to the boss directly; "" if it does not."""
    if call.internal and call.caller in everybody:
        return f"{call.caller} is a secretary of {boss.name}"
    if call.sent_by in (boss.name, *everybody):
        return f"{call.sent_by}, who has sent it, is {boss.name} or a secretary"
    if boss.calls is not BossCalls.BOTH and (boss.calls is BossCalls.INTERNAL) is not call.internal:
        return f"only {boss.calls} calls to {boss.name} go to secretaries"
    if found := next((one for one in boss.whitelist if matches(one, call.caller)), ""):
        return f"{call.caller} is on the whitelist ({found})"
    if not everybody:
        return f"{boss.name} is the only member of ring group {boss.ring_group}"
    return "" if on else f"switched off for {', '.join(everybody)}"


def _kind(call: ForBoss) -> str:
    return "internal" if call.internal else "external"
