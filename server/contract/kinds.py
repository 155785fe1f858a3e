"""Every kind of object that is configured: the model is the schema, and one line here registers it.

Storage, checks of references, API and command line follow from that line.
"""

from dataclasses import dataclass

from server.contract.boss import Boss
from server.contract.call_flows import CallFlow
from server.contract.conference import Conference
from server.contract.configuration import ConfigObject
from server.contract.features import FeatureCodes
from server.contract.hours import Holidays, TimeCondition
from server.contract.ivr import Ivr
from server.contract.keys import KeyRight
from server.contract.mail import MailSettings
from server.contract.monitoring import MonitoringRight
from server.contract.parking import Parking
from server.contract.prompts import Prompt
from server.contract.queues import Queue, QueueOptions
from server.contract.recording import RecordingRight, RecordingRule
from server.contract.ring_tones import UploadedRingTone
from server.contract.routing import EmergencyNumber, InboundRoute, OutboundRoute, RingGroup, SystemSettings
from server.contract.time_switches import TimeSwitch
from server.contract.trunks import Trunk
from server.contract.voicemail import GroupMailbox


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object.

    Attributes:
        model: its schema.
        word: its name in the database, in the audit log, and on the command line; never renamed.
        path: its collection in the API, below `/api/v1/`.
        title: what messages call it.
        help: what it is for, in a sentence.
        single: there is exactly one such object, which has default values and cannot be removed.
    """

    model: type[ConfigObject]
    word: str
    path: str
    title: str
    help: str
    single: bool = False


KINDS = (
    Kind(Trunk, "trunk", "trunks", "trunk", "Ways to and from the telephone network."),
    Kind(InboundRoute, "inbound-route", "inbound-routes", "inbound route", "Where calls from trunks go."),
    Kind(
        OutboundRoute,
        "outbound-route",
        "outbound-routes",
        "outbound route",
        "How numbers outside are reached.",
    ),
    Kind(TimeCondition, "time-condition", "time-conditions", "time condition", "Business and other hours."),
    Kind(
        TimeSwitch,
        "time-switch",
        "time-switches",
        "time switch",
        "Who may open and close a time condition by phone.",
    ),
    Kind(Holidays, "holidays", "holidays", "list of holidays", "Lists of days."),
    Kind(
        EmergencyNumber,
        "emergency",
        "emergency-numbers",
        "emergency number",
        "Numbers that are never blocked.",
    ),
    Kind(RingGroup, "ring-group", "ring-groups", "ring group", "Numbers that ring several extensions."),
    Kind(Boss, "boss", "bosses", "boss", "Extensions whose calls go to secretaries first."),
    Kind(Prompt, "prompt", "prompts", "prompt", "What callers hear."),
    Kind(UploadedRingTone, "ring-tone", "ring-tones", "ring tone", "Ring tones that clients fetch."),
    Kind(CallFlow, "call-flow", "call-flows", "call flow", "Destinations, of which time and caller choose."),
    Kind(Ivr, "ivr", "ivrs", "menu", "Menus from which callers choose by keys."),
    Kind(Queue, "queue", "queues", "queue", "Callers wait until an agent is free."),
    Kind(
        QueueOptions,
        "queue-options",
        "queue-options",
        "queue options",
        "What holds for all queues.",
        single=True,
    ),
    Kind(
        Conference,
        "conference",
        "conferences",
        "conference room",
        "Rooms in which all who call talk together.",
    ),
    Kind(
        GroupMailbox,
        "group-mailbox",
        "group-mailboxes",
        "group mailbox",
        "Mailboxes that several extensions share.",
    ),
    Kind(
        MonitoringRight,
        "monitoring-right",
        "monitoring-rights",
        "monitoring right",
        "Who may listen to whose calls.",
    ),
    Kind(
        RecordingRule,
        "recording-rule",
        "recording-rules",
        "recording rule",
        "Which calls are always recorded.",
    ),
    Kind(
        RecordingRight,
        "recording-right",
        "recording-rights",
        "recording right",
        "Who may record calls, and hear and delete the recordings.",
    ),
    Kind(
        KeyRight,
        "key-right",
        "key-rights",
        "key right",
        "Who may change the own function keys.",
    ),
    Kind(
        FeatureCodes,
        "feature-codes",
        "feature-codes",
        "feature codes",
        "What phones dial to have something done.",
        single=True,
    ),
    Kind(Parking, "parking", "parking", "parking", "Where calls are parked, and for how long.", single=True),
    Kind(
        MailSettings, "mail", "mail", "mail settings", "The mail server, and what it is to send.", single=True
    ),
    Kind(
        SystemSettings,
        "system-settings",
        "system-settings",
        "system settings",
        "The whole system.",
        single=True,
    ),
)
"""In the order in which lists show them."""

_BY_MODEL = {kind.model: kind for kind in KINDS}
_BY_WORD = {kind.word: kind for kind in KINDS}


def kind_of(model: type[ConfigObject]) -> Kind:
    """The kind with this model."""
    return _BY_MODEL[model]


def kind_named(word: str) -> Kind | None:
    """The kind with this word; None if this version knows none."""
    return _BY_WORD.get(word)
