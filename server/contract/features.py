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

    BOSS_SECRETARY = "boss_secretary"
    """Take the call that the secretary whose number follows holds for the caller; without one, switch the
    pair on or off."""
    INTERCOM = "intercom"
    """Call the extension whose number follows; its phones that can do so answer by themselves."""
    FORWARD_ALWAYS = "forward_always"
    """Forward all own calls, in the present status, to the number that follows, else to the last one."""
    FORWARD_ALWAYS_OFF = "forward_always_off"
    FORWARD_BUSY = "forward_busy"
    """The same for calls that come while one is busy."""
    FORWARD_BUSY_OFF = "forward_busy_off"
    FORWARD_NO_ANSWER = "forward_no_answer"
    """The same for calls that nobody answers."""
    FORWARD_NO_ANSWER_OFF = "forward_no_answer_off"
    DO_NOT_DISTURB = "do_not_disturb"
    DO_NOT_DISTURB_OFF = "do_not_disturb_off"
    """Be available again."""
    PRESENCE = "presence"
    """Choose the status whose digit follows: 1 for the first of `PresenceStatus`, and so on."""
    TIME_CONDITION = "time_condition"
    """Switch a time condition by hand: the digit of `ByHand` follows, then the number of the switch."""
    QUEUE_LOG_IN_ALL = "queue_log_in_all"
    """Log in to all own queues."""
    QUEUE_LOG_IN_LAST = "queue_log_in_last"
    """Log in to the queues in which one was last."""
    QUEUE_LOG_OUT_ALL = "queue_log_out_all"
    QUEUE_LOG = "queue_log"
    """Log in to the queue whose number follows, or out of it."""
    QUEUE_PAUSE = "queue_pause"
    """Pause in the queue whose number follows, or end that; behind it a star and the code of a reason."""
    BLIND_TRANSFER = "blind_transfer"
    """In a call: the other end calls the number that follows."""
    ATTENDED_TRANSFER = "attended_transfer"
    """In a call: ask the number that follows first, while the other end waits."""
    FLIP = "flip"
    """In a call: go on with it on another of the own phones."""

    @property
    def takes_number(self) -> bool:
        """Whether a number follows the code."""
        return self not in _WITHOUT_NUMBER

    @property
    def number_optional(self) -> bool:
        """Whether the number may be left out."""
        return self in _NUMBER_OPTIONAL


_NUMBER_OPTIONAL = frozenset(
    {Feature.VOICEMAIL, Feature.FORWARD_ALWAYS, Feature.FORWARD_BUSY, Feature.FORWARD_NO_ANSWER}
)
_WITHOUT_NUMBER = frozenset(
    {
        Feature.GROUP_PICKUP,
        Feature.PARK,
        Feature.FORWARD_ALWAYS_OFF,
        Feature.FORWARD_BUSY_OFF,
        Feature.FORWARD_NO_ANSWER_OFF,
        Feature.DO_NOT_DISTURB,
        Feature.DO_NOT_DISTURB_OFF,
        Feature.QUEUE_LOG_IN_ALL,
        Feature.QUEUE_LOG_IN_LAST,
        Feature.QUEUE_LOG_OUT_ALL,
        Feature.FLIP,
        Feature.RECORD,
    }
)


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
    boss_secretary: FeatureCode = "*59"
    intercom: FeatureCode = "*6"
    forward_always: FeatureCode = "*31"
    forward_always_off: FeatureCode = "*031"
    forward_busy: FeatureCode = "*32"
    forward_busy_off: FeatureCode = "*032"
    forward_no_answer: FeatureCode = "*33"
    forward_no_answer_off: FeatureCode = "*033"
    do_not_disturb: FeatureCode = "*81"
    do_not_disturb_off: FeatureCode = "*081"
    presence: FeatureCode = "*82"
    time_condition: FeatureCode = "*99"
    queue_log_in_all: FeatureCode = "*77"
    queue_log_in_last: FeatureCode = "*78"
    queue_log_out_all: FeatureCode = "*077"
    queue_log: FeatureCode = "*7"
    queue_pause: FeatureCode = "*07"
    blind_transfer: FeatureCode = "*03"
    attended_transfer: FeatureCode = "*3"
    flip: FeatureCode = "*01"

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
