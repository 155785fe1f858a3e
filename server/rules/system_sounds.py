"""The sounds of Asterisk's sound package that the server plays, by which a language is judged to be complete.

Tones (`beep`) and pauses sound the same in every language and are not listed.
"""

from server.rules.spoken_numbers import number_words

NEUTRAL = frozenset({"beep", "beeperr", "silence/1"})
"""Played, too, but in no language."""

_CODES = """
activated agent-loggedoff agent-loginok call-fwd-no-ans call-fwd-on-busy call-fwd-unconditional de-activated
dictate/paused dictate/record do-not-disturb feature-not-avail-line hours im-sorry invalid is-set-to number
something-terribly-wrong time
"""
_QUEUES = """
queue-callswaiting queue-holdtime queue-minute queue-minutes queue-thankyou queue-thereare queue-youarenext
vm-extension
"""
_CONFERENCES = "conf-full conf-getpin conf-invalidpin conf-now-recording conf-onlyperson"
_MAILBOXES = """
for minute minutes second seconds vm-INBOX vm-Old vm-advopts vm-and vm-delete vm-deleted vm-duration
vm-from-phonenumber vm-goodbye vm-helpexit vm-incorrect vm-intro vm-invalid-password vm-isunavail
vm-mailboxfull vm-message vm-messages vm-mismatch vm-msgsaved vm-newpassword vm-next vm-no vm-nobodyavail
vm-nomore vm-onefor vm-passchanged vm-password vm-press vm-prev vm-rec-unv vm-received vm-reenterpassword
vm-repeat vm-saved vm-savemessage vm-star-cancel vm-theperson vm-tooshort vm-unknown-caller vm-youhave your
"""
_MOMENTS = (
    *(f"digits/day-{day}" for day in range(7)),
    *(f"digits/mon-{month}" for month in range(12)),
    *(f"digits/h-{day}" for day in (*range(1, 21), 30)),
    *("digits/20", "digits/at", "digits/oclock", "digits/oh", "digits/a-m", "digits/p-m"),
)
_ONE_BY_ONE = tuple(f"digits/{key}" for key in (*range(10), "star", "pound"))

PROMPTS = frozenset(
    (*_CODES.split(), *_QUEUES.split(), *_CONFERENCES.split(), *_MAILBOXES.split(), *_MOMENTS)
)
"""Sounds that are played by their names."""


def system_sounds(language: str) -> frozenset[str]:
    """All sounds that a complete language has: `queue-thankyou`, `digits/20`."""
    return PROMPTS | frozenset(_ONE_BY_ONE) | number_words(language)
