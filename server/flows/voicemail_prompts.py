"""What is said about mailboxes and messages: prompts of the engine, in order (VM-2, VM-3, VM-5).

The prompts are those of Asterisk's sound package; the keys of the menu are the ones that they name.
"""

from datetime import datetime

from server.contract.voicemail import MailboxState, VoicemailMessage, VoicemailSettings
from server.switch.port import Sound

Sounds = tuple[Sound, ...]


def _prompts(*names: str) -> Sounds:
    return tuple(Sound.prompt(name) for name in names)


BEEP = _prompts("beep")
WRONG = _prompts("beeperr")
"""What was asked for cannot be done."""
FULL = _prompts("vm-mailboxfull")
SAVED = _prompts("vm-msgsaved")
TOO_SHORT = _prompts("vm-tooshort")
GOODBYE = _prompts("vm-goodbye")
PIN = _prompts("vm-password")
WRONG_PIN = _prompts("vm-incorrect")
NEW_PIN = _prompts("vm-newpassword")
NEW_PIN_AGAIN = _prompts("vm-reenterpassword")
PINS_DIFFER = _prompts("vm-mismatch")
BAD_PIN = _prompts("vm-invalid-password")
PIN_CHANGED = _prompts("vm-passchanged")
GREETING = _prompts("vm-rec-unv")
NO_MORE = _prompts("vm-nomore")
DELETED = _prompts("vm-deleted")
KEPT = _prompts("vm-saved")

MAIN_MENU = (
    *_prompts("vm-onefor", "vm-INBOX", "vm-messages", "vm-press"),
    Sound.digits("2"),
    *_prompts("for", "vm-Old", "vm-messages", "vm-advopts", "vm-helpexit"),
)
"""1 new messages, 2 old ones, 3 (or 0) options, # ends it."""

OPTIONS_MENU = (
    *_prompts("vm-press"),
    Sound.digits("1"),
    *_prompts("for", "your", "vm-message", "vm-press"),
    Sound.digits("5"),
    *_prompts("for", "vm-password", "vm-star-cancel"),
)
"""1 records the greeting, 5 changes the PIN, * goes back."""


def built_in_greeting(box: str, *, group: bool) -> Sounds:
    """What callers hear where there is no personal greeting."""
    if group:
        return _prompts("vm-nobodyavail", "vm-intro")
    return (*_prompts("vm-theperson"), Sound.digits(box), *_prompts("vm-isunavail", "vm-intro"))


def waiting(state: MailboxState) -> Sounds:
    """How many messages there are: "you have two new and five old messages"."""
    new, old = _counted(state.new), _counted(state.heard)
    messages = _prompts("vm-message" if state.new + state.heard == 1 else "vm-messages")
    if not state.heard:
        return (*_prompts("vm-youhave"), *new, *_prompts("vm-INBOX"), *messages)
    if not state.new:
        return (*_prompts("vm-youhave"), *old, *_prompts("vm-Old"), *messages)
    return (
        *_prompts("vm-youhave"), *new, *_prompts("vm-INBOX", "vm-and"), *old, *_prompts("vm-Old"), *messages
    )  # fmt: skip


def envelope(message: VoicemailMessage, settings: VoicemailSettings, at: datetime | None) -> Sounds:
    """What is said before a message (VM-2); `at` is when it came by the clock on the wall, None: unknown."""
    said: Sounds = ()
    if settings.announce_time and at is not None:
        said += (*_prompts("vm-received"), *spoken_time(at))
    if settings.announce_caller:
        said += _caller(message.caller)
    if settings.announce_duration:
        said += (*_prompts("vm-duration"), *_duration(round(message.seconds)))
    return said


def spoken_time(at: datetime) -> Sounds:
    """Day of the week, month, day, and time: "Monday, March second, at nine o'clock a.m."."""
    hour = at.hour % 12 or 12
    minutes: Sounds = _prompts("digits/oclock") if at.minute == 0 else (Sound.number(at.minute),)
    if 0 < at.minute < 10:
        minutes = (*_prompts("digits/oh"), *minutes)
    return (
        *_prompts(f"digits/day-{(at.weekday() + 1) % 7}", f"digits/mon-{at.month - 1}"),
        *_ordinal(at.day),
        *_prompts("digits/at"),
        Sound.number(hour),
        *minutes,
        *_prompts("digits/a-m" if at.hour < 12 else "digits/p-m"),
    )


def choices(*, first: bool, last: bool) -> Sounds:
    """The menu after a message: 4 previous, 5 repeat, 6 next, 7 delete, 9 save."""
    said = () if first else _prompts("vm-prev")
    said += _prompts("vm-repeat")
    said += () if last else _prompts("vm-next")
    return said + _prompts("vm-delete", "vm-savemessage")


def _counted(count: int) -> Sounds:
    return (Sound.number(count),) if count else _prompts("vm-no")


def _caller(number: str) -> Sounds:
    digits = "".join(character for character in number if character in "0123456789*#")
    if not digits:
        return _prompts("vm-unknown-caller")
    return (*_prompts("vm-from-phonenumber"), Sound.digits(digits[:64]))


def _duration(seconds: int) -> Sounds:
    minutes, rest = divmod(seconds, 60)
    said: Sounds = ()
    if minutes:
        said = (Sound.number(minutes), *_prompts("minute" if minutes == 1 else "minutes"))
    if rest or not minutes:
        said += (Sound.number(rest), *_prompts("second" if rest == 1 else "seconds"))
    return said


def _ordinal(day: int) -> Sounds:
    if day <= 20 or day == 30:
        return _prompts(f"digits/h-{day}")
    return _prompts(f"digits/{day // 10 * 10}", f"digits/h-{day % 10}")
