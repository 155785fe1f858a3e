"""What a pop-up opens: an address or a program, with what is known of the call put in (SIP-10); no I/O.

Number and name were chosen by whoever calls: they are data in an address or an argument, and never more.
"""

import re
import shlex
import sys
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, urlsplit

LONGEST = 1000
"""Characters of a template."""

_VARIABLE = re.compile(r"\{([^{}]*)\}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NEVER = frozenset({"file", "javascript", "data", "vbscript", "about"})
_WEB = frozenset({"http", "https", "ftp"})
_BATCH = (".bat", ".cmd")


class PopUpError(ValueError):
    """The pop-up cannot be opened; the text says why, for people."""


class When(Enum):
    """What of a call opens it."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"


class Which(Enum):
    """Which calls open it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    ALL = "all"


class Opens(Enum):
    """What it opens."""

    ADDRESS = "address"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a call. `number` and `name` may be empty."""

    number: str
    name: str
    incoming: bool

    def values(self) -> dict[str, str]:
        """By the names of the variables."""
        direction = "incoming" if self.incoming else "outgoing"
        return {"number": self.number, "name": self.name, "direction": direction}


VARIABLES = tuple(Facts("", "", incoming=True).values())
SAMPLE = Facts("+420530335533", "Emily Stone", incoming=True)
"""What a test is made with."""


@dataclass(frozen=True, slots=True)
class PopUp:
    """One rule of the user's."""

    when: When
    which: Which
    opens: Opens
    template: str

    @staticmethod
    def from_row(row: tuple[str, ...]) -> "PopUp | None":
        """As the settings keep it; None for what is of another version."""
        try:
            when, which, opens, template = row
            return PopUp(When(when), Which(which), Opens(opens), template)
        except ValueError:
            return None

    def to_row(self) -> tuple[str, ...]:
        """For the settings."""
        return (self.when.value, self.which.value, self.opens.value, self.template)

    def concerns(self, when: When, facts: Facts) -> bool:
        """Whether it is opened by this."""
        direction = Which.INCOMING if facts.incoming else Which.OUTGOING
        return self.when is when and self.which in {Which.ALL, direction}

    def check(self) -> None:
        """Raises `PopUpError` if it could never be opened, whoever calls."""
        if self.opens is Opens.ADDRESS:
            address(self.template, SAMPLE)
        else:
            command(self.template, SAMPLE)


def address(template: str, facts: Facts) -> str:
    """The address to open, all of its values percent-encoded (RFC 3986, 2.1). Raises `PopUpError`.

    Where it leads is the user's choice alone: scheme and host may hold no variable.
    """
    template = template.strip()
    found = _SCHEME.match(template)
    if not found:
        raise PopUpError("An address begins with “https://”, or another scheme and a colon.")
    scheme = found[1].lower()
    if scheme in _NEVER:
        raise PopUpError(f"An address that begins with “{scheme}:” is not opened.")
    if any(c.isspace() or not c.isprintable() for c in template):
        raise PopUpError("There is a space in the address. Write it as %20.")
    _check_variables(template)
    if scheme in _WEB:
        try:
            host = urlsplit(template).netloc
        except ValueError as error:
            raise PopUpError("This is not an address.") from error
        if not host:
            raise PopUpError(f"There is no host after “{scheme}:”.")
        if "{" in host:
            raise PopUpError("The host cannot hold a variable: the caller would choose where it leads.")
    return _filled(template, {name: _encoded(value) for name, value in facts.values().items()})


def command(template: str, facts: Facts) -> list[str]:
    """Program and arguments, for a start without a shell. Raises `PopUpError`.

    The template is split into words as a shell does it (quotes hold words together) before anything is put
    in: a value never becomes two arguments, nor, by a leading hyphen, an option.
    """
    _check_variables(template)
    try:
        words = shlex.split(template, posix=True) if sys.platform != "win32" else _split_windows(template)
    except ValueError as error:
        raise PopUpError("A quotation mark is missing.") from error
    if not words or not words[0]:
        raise PopUpError("Name a program.")
    if _VARIABLE.search(words[0]):
        raise PopUpError("The program cannot be a variable: the caller would choose it.")
    if words[0].lower().endswith(_BATCH):
        raise PopUpError("Batch files are not started: Windows would read the caller's name as commands.")
    values = facts.values()
    return [words[0], *(_argument(word, values) for word in words[1:])]


def _check_variables(template: str) -> None:
    if len(template) > LONGEST:
        raise PopUpError(f"Use at most {LONGEST} characters.")
    for name in _VARIABLE.findall(template):
        if name not in VARIABLES:
            known = ", ".join(f"{{{each}}}" for each in VARIABLES)
            raise PopUpError(f"{{{name}}} is not known. Use {known}.")


def _filled(template: str, values: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values[found[1]], template)


def _encoded(value: str) -> str:
    """As part of an address. Dots alone would be a step up in its path, however they are encoded."""
    return "" if value and not value.strip(".") else quote(value, safe="", errors="replace")


def _argument(word: str, values: dict[str, str]) -> str:
    first = _VARIABLE.match(word)
    plain = {name: value.replace("\0", "") for name, value in values.items()}
    if first:
        options = "-/" if sys.platform == "win32" else "-"
        begins = plain[first[1]].lstrip().lstrip(options)
        return begins + _filled(word[first.end() :], plain)
    return _filled(word, plain)


def _split_windows(template: str) -> list[str]:
    """Words as Windows users write them: a backslash is a backslash."""
    return [word.replace('"', "") for word in re.findall(r'(?:[^\s"]|"[^"]*")+', template)]
