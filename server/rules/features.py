"""Which feature a dialled number asks for (CODE-1)."""

from collections.abc import Collection
from dataclasses import dataclass

from server.contract.features import Feature, FeatureCodes
from server.rules.numbers import MAX_DIALLED


@dataclass(frozen=True, slots=True)
class FeatureCall:
    """A feature that was dialled, and the number behind its code; "" for a feature that takes none."""

    feature: Feature
    number: str = ""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The number of a parking slot was dialled: its call is to be taken."""

    slot: str


PARKING = frozenset({Feature.PARK, Feature.PARK_AT})
"""Features that are dialled in a call, by keys or as the target of a transfer."""

ONLY_IN_CALL = frozenset({Feature.RECORD, Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER, Feature.FLIP})
"""Features that are dialled by keys in a call, and by nothing else."""

TRANSFERS = frozenset({Feature.BLIND_TRANSFER, Feature.ATTENDED_TRANSFER})

IN_CALL = PARKING | ONLY_IN_CALL

DIALLED = frozenset(Feature) - ONLY_IN_CALL

END_OF_NUMBER = "#"
"""Ends the number behind a code that is dialled by keys."""


def feature_of(codes: FeatureCodes, dialled: str, among: Collection[Feature] = DIALLED) -> FeatureCall | None:
    """The feature whose code fits, the longest code first; None if none does.

    A feature that takes a number fits only with one, unless that is optional; any other only without
    anything behind its code.
    """
    for feature in sorted(among, key=lambda feature: (-len(codes.code(feature)), feature)):
        code = codes.code(feature)
        if code and dialled.startswith(code):
            number = dialled.removeprefix(code)
            if feature.takes_number == bool(number) or feature.number_optional:
                return FeatureCall(feature, number)
    return None


def in_call(codes: FeatureCodes, dialled: str) -> FeatureCall | None:
    """The feature that keys in a call ask for; None if they ask for none."""
    return feature_of(codes, dialled, IN_CALL)


def parking_of(codes: FeatureCodes, target: str) -> FeatureCall | None:
    """The parking that the target of a transfer stands for; None if it is a number to be called."""
    return feature_of(codes, target, PARKING)


def begun_number(codes: FeatureCodes, keys: str) -> str | None:
    """What of a number stands behind the code of a transfer that keys in a call have begun, "" for nothing.

    None if they are not the code of a transfer.
    """
    among = [code for feature in TRANSFERS if (code := codes.code(feature)) and keys.startswith(code)]
    return keys.removeprefix(max(among, key=len)) if among else None


def may_become_in_call(codes: FeatureCodes, keys: str, *, slot_digits: int) -> bool:
    """Whether keys that follow could still make, or change, a feature of these; slots have so many digits."""
    for feature in IN_CALL:
        code = codes.code(feature)
        digits = slot_digits if feature in PARKING else MAX_DIALLED
        longest = len(code) + (digits if feature.takes_number else 0)
        if code and len(keys) < longest and (code.startswith(keys) or keys.startswith(code)):
            return True
    return False
