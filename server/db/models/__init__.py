"""Every table, one module a subject. Importing this package completes `Base.metadata`."""

from server.db.models.accounts import AccountRow, AvatarRow, ExtensionGroupRow, ExtensionRow
from server.db.models.audit import AuditRow
from server.db.models.calls import CallLogRow, CallQualityRow, CallRow, PresenceRow, SipBlockRow
from server.db.models.configuration import ConfigurationRow
from server.db.models.emergencies import EmergencyCallRow
from server.db.models.keys import FunctionKeysRow
from server.db.models.languages import LanguageRow
from server.db.models.mails import MailPreferencesRow, MailRow
from server.db.models.prompts import PromptRow
from server.db.models.queues import AgentChangeRow, QueueCallRow, QueueStateRow
from server.db.models.reaching import ReachingRow
from server.db.models.recordings import RecordingOwnerRow, RecordingRow
from server.db.models.ring_tones import RingToneRow
from server.db.models.sessions import LoginLinkRow, RefreshTokenRow, SessionRow
from server.db.models.throttle import ThrottleRow
from server.db.models.voicemail import MailboxRow, VoicemailGreetingRow, VoicemailMessageRow

__all__ = [
    "AccountRow",
    "AgentChangeRow",
    "AuditRow",
    "AvatarRow",
    "CallLogRow",
    "CallQualityRow",
    "CallRow",
    "ConfigurationRow",
    "EmergencyCallRow",
    "ExtensionGroupRow",
    "ExtensionRow",
    "FunctionKeysRow",
    "LanguageRow",
    "LoginLinkRow",
    "MailPreferencesRow",
    "MailRow",
    "MailboxRow",
    "PresenceRow",
    "PromptRow",
    "QueueCallRow",
    "QueueStateRow",
    "ReachingRow",
    "RecordingOwnerRow",
    "RecordingRow",
    "RefreshTokenRow",
    "RingToneRow",
    "SessionRow",
    "SipBlockRow",
    "ThrottleRow",
    "VoicemailGreetingRow",
    "VoicemailMessageRow",
]
