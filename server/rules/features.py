"""Which feature a dialled number asks for (CODE-1)."""

from dataclasses import dataclass

from server.contract.features import Feature, FeatureCodes


@dataclass(frozen=True, slots=True)
class FeatureCall:
    """A feature that was dialled, and the number behind its code; "" for a feature that takes none."""

    feature: Feature
    number: str = ""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The number of a parking slot was dialled: its call is to be taken."""

    slot: str


def feature_of(codes: FeatureCodes, dialled: str) -> FeatureCall | None:
    """The feature whose code fits, the longest code first; None if none does.

    A feature that must have a number fits only with one, one that takes none only without anything behind.
    """
    for feature in sorted(Feature, key=lambda feature: len(codes.code(feature)), reverse=True):
        code = codes.code(feature)
        if code and dialled.startswith(code):
            number = dialled.removeprefix(code)
            if feature.may_take_number if number else not feature.takes_number:
                return FeatureCall(feature, number)
    return None


PARKING = (Feature.PARK, Feature.PARK_AT)
"""Features that are dialled by keys in a call, and as the target of a transfer."""

IN_CALL = (*PARKING, Feature.RECORD)
"""Features that are dialled by keys in a call."""


def in_call(codes: FeatureCodes, dialled: str) -> FeatureCall | None:
    """The feature that keys in a call ask for; None if they ask for none."""
    found = feature_of(codes, dialled)
    return found if found is not None and found.feature in IN_CALL else None


def parking(codes: FeatureCodes, dialled: str) -> FeatureCall | None:
    """The way of parking that the target of a transfer asks for; None if it asks for none."""
    found = feature_of(codes, dialled)
    return found if found is not None and found.feature in PARKING else None


def may_become_in_call(codes: FeatureCodes, keys: str, *, slot_digits: int) -> bool:
    """Whether keys that follow could still make, or change, a feature of these; slots have so many digits."""
    for feature in IN_CALL:
        code = codes.code(feature)
        longest = len(code) + (slot_digits if feature.takes_number else 0)
        if code and len(keys) < longest and (code.startswith(keys) or keys.startswith(code)):
            return True
    return False
