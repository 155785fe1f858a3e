"""Feature codes: what a phone dials to have something done (CODE-1)."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import StringConstraints, model_validator

from server.contract.configuration import ConfigObject, ObjectName

FeatureCode = Annotated[str, StringConstraints(pattern=r"^([*#][0-9*#]{1,7})?$")]
"""A code, which begins with `*` or `#` so that it is no extension; empty: the feature has none."""


class Feature(StrEnum):
    """What a code does; the name is also the field of `FeatureCodes`."""

    GROUP_PICKUP = "group_pickup"
    """Take the call that rings longest at a colleague of one's groups."""
    DIRECTED_PICKUP = "directed_pickup"
    """Take the call that rings at the extension, or came to the ring group, whose number follows."""
    VOICEMAIL = "voicemail"
    """Listen to the own mailbox, or to that whose number follows (VM-5)."""
    LEAVE_MESSAGE = "leave_message"
    """Leave a message in the mailbox whose number follows; also the target of a transfer."""
    PARK = "park"
    """In a call, or as the target of a transfer: park the other end on a free slot."""
    PARK_AT = "park_at"
    """The same, on the slot whose number follows."""
    LISTEN = "listen"
    """Hear the call of the extension whose number follows."""
    WHISPER = "whisper"
    """The same, heard by that extension alone."""
    BARGE = "barge"
    """The same, heard by everybody in the call."""
    RECORD = "record"
    """In a call: record it, then pause that, and go on with it."""

    @property
    def takes_number(self) -> bool:
        """Whether a number must follow the code."""
        return self not in (Feature.GROUP_PICKUP, Feature.PARK, Feature.VOICEMAIL, Feature.RECORD)

    @property
    def may_take_number(self) -> bool:
        """Whether a number may follow the code."""
        return self.takes_number or self is Feature.VOICEMAIL


class FeatureCodes(ConfigObject):
    """The code of each feature; there is one such object. Of several that fit the longest counts."""

    name: ObjectName = "features"
    group_pickup: FeatureCode = "*4"
    directed_pickup: FeatureCode = "*04"
    voicemail: FeatureCode = "*2"
    leave_message: FeatureCode = "*12"
    park: FeatureCode = "*5"
    park_at: FeatureCode = "*05"
    listen: FeatureCode = "*51"
    whisper: FeatureCode = "*52"
    barge: FeatureCode = "*53"
    record: FeatureCode = "*1"

    @model_validator(mode="after")
    def _each_code_once(self) -> Self:
        codes = [code for feature in Feature if (code := self.code(feature))]
        if twice := next((code for code in codes if codes.count(code) > 1), None):
            raise ValueError(f"{twice} is the code of two features")
        return self

    def code(self, feature: Feature) -> str:
        """The code of a feature; "" if it has none."""
        code: str = getattr(self, feature.value)
        return code

    def by_name(self) -> dict[str, str]:
        """The codes of the features that have one."""
        return {feature.value: code for feature in Feature if (code := self.code(feature))}

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        return ", ".join(f"{feature.replace('_', ' ')} {self.code(feature) or 'off'}" for feature in Feature)
