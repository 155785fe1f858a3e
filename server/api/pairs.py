"""Bosses and secretaries: the own pairs, and for administrators all (BOSS-2, BOSS-3).

A boss takes a held call by phone, by dialling the `value` of the pair.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from server.api.deps import Address, Administrator, ServicesDep
from server.api.presence import OwnNumber
from server.contract.base import ExtensionNumber
from server.contract.pairs import Pair, PairSwitch
from server.services.pairs import Key

router = APIRouter(prefix="/pairs", tags=["pairs"])
own = APIRouter(prefix="/me/pairs", tags=["me"])

Boss = Annotated[ExtensionNumber, Path(description="The number of the boss.")]
Secretary = Annotated[ExtensionNumber, Path(description="The number of the secretary.")]


def _pair(boss: Boss, secretary: Secretary) -> Key:
    return boss, secretary


PairKey = Annotated[Key, Depends(_pair)]
"""Both numbers, from the address."""


@own.get("")
async def own_pairs(number: OwnNumber, services: ServicesDep) -> list[Pair]:
    """The pairs in which the own extension is the boss or the secretary, by boss, then secretary."""
    pairs = services.pairs.all()
    return [pairs[key] for key in sorted(pairs) if number in key]


@own.put("/{secretary}")
async def switch_own(
    secretary: Secretary,
    switch: PairSwitch,
    number: OwnNumber,
    services: ServicesDep,
    address: Address,
) -> Pair:
    """Switch the feature on or off for the own extension, a boss, and one of its secretaries."""
    return await services.pairs.switch(number, secretary, on=switch.on, by=number, address=address)


@router.get("")
async def all_pairs(_who: Administrator, services: ServicesDep) -> list[Pair]:
    """Every pair, by boss, then secretary, and what the secretary does with the boss's calls."""
    pairs = services.pairs.all()
    return [pairs[key] for key in sorted(pairs)]


@router.put("/{boss}/{secretary}")
async def switch_pair(
    pair: PairKey,
    switch: PairSwitch,
    who: Administrator,
    services: ServicesDep,
    address: Address,
) -> Pair:
    """Switch the feature on or off for any pair."""
    return await services.pairs.switch(*pair, on=switch.on, by=who.user, address=address)
