"""From the facts of a mail to what goes over the wire (RFC 5322).

Facts come from outside: names of callers are whatever a carrier says. Nothing of them can begin a header, or
another line of one.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from server.contract.agents import QueueEnd
from server.contract.mail import MailKind, MailLanguage
from server.services.mail_texts import WORDS, Words

MAX_LINE = 200
"""Characters of a fact, and of a subject."""

_POLICY = SMTP.clone(cte_type="7bit")

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Style:
    """How this server writes: its name, the language, the time zone of moments."""

    server: str
    language: MailLanguage = MailLanguage.ENGLISH
    zone: tzinfo = UTC

    def moment(self, text: str) -> str:
        """A moment, which is given in ISO form, in the zone."""
        return f"{datetime.fromisoformat(text).astimezone(self.zone):%Y-%m-%d %H:%M:%S %Z}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along; `kind` as in `audio/x-wav`."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body of a mail."""

    subject: str
    body: str


def one_line(text: object) -> str:
    """The text on one line, without anything invisible, and not too long."""
    shown = "".join(c if c == " " or unicodedata.category(c)[0] not in "CZ" else " " for c in str(text))
    shown = " ".join(shown.split())
    return shown if len(shown) <= MAX_LINE else shown[: MAX_LINE - 1] + "…"


def who(words: Words, number: str, name: str) -> str:
    """A caller, by name and number."""
    return " ".join(part for part in (one_line(name), one_line(number)) if part) or words.unknown


def duration(seconds: int) -> str:
    """Minutes and seconds, as in 1:05; hours before them."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def write(kind: MailKind, facts: Facts, style: Style) -> Text:
    """What stands in a mail of this kind."""
    words = WORDS[style.language]
    subject, body = _WRITERS[kind](facts, words, style)
    footer = words.footer.format(server=style.server)
    return Text(one_line(subject), f"{body.rstrip()}\n\n-- \n{footer}\n")


def letter(
    text: Text,
    *,
    sender: str,
    sender_name: str,
    recipient: str,
    message_id: str,
    at: datetime,
    attachment: Attachment | None = None,
) -> bytes:
    """The mail as it is sent."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(one_line(sender_name), addr_spec=sender)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = text.subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine is to answer
    message.set_content(text.body, cte="quoted-printable")
    if attachment is not None:
        main, _, sub = attachment.kind.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    return message.as_bytes()


def _test(_facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    return words.test_subject.format(server=style.server), words.test_body.format(server=style.server)


def _queue_calls(facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    items, more = facts["items"], facts.get("more", 0)
    queue = _queue(items[-1])
    lines = [words.queue_intro.format(queue=queue), ""]
    for item in items:
        lines.append(
            words.queue_call.format(
                at=style.moment(item["joined"]),
                caller=who(words, item["number"], item["name"]),
                waited=duration(item["waited_s"]),
                end=words.queue_ends[QueueEnd(item["end"])],
            )
        )
        if item["rung"]:
            lines.append("    " + words.queue_rung.format(agents=", ".join(item["rung"])))
    lines += [words.queue_more.format(count=more)] if more else []
    lines += ["", words.queue_log]
    return words.queue_subject.format(queue=queue, count=len(items) + more), "\n".join(lines)


def _auto_paused(facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    queue = _queue(facts)
    body = words.paused_body.format(queue=queue, at=style.moment(facts["at"]), missed=facts["missed"])
    return words.paused_subject.format(queue=queue), body


def _password_changed(facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    body = words.changed_body.format(
        number=facts["number"],
        at=style.moment(facts["at"]),
        by=one_line(facts["by"]),
        address=one_line(facts["address"]) or style.server,
    )
    return words.changed_subject, body


def _calls_missed(facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    items, more = facts["items"], facts.get("more", 0)
    lines = [
        words.missed_call.format(at=style.moment(item["at"]), caller=who(words, item["number"], item["name"]))
        for item in items
    ]
    lines += [words.queue_more.format(count=more)] if more else []
    lines += ["", words.missed_log]
    subject = words.missed_subject.format(number=items[-1]["owner"], count=len(items) + more)
    return subject, "\n".join(lines)


def _voicemail(facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    caller = who(words, facts["number"], facts["name"])
    body = words.message_body.format(
        caller=caller,
        length=duration(facts["seconds"]),
        box=one_line(f"{facts['box_name']} {facts['box']}"),
        at=style.moment(facts["at"]),
    )
    where = words.message_attached if facts["attached"] else words.message_waits
    if facts.get("gone"):
        where = words.message_gone
    return words.message_subject.format(caller=caller), f"{body}\n{where}"


def _welcome(facts: Facts, words: Words, style: Style) -> tuple[str, str]:
    server, number = style.server, facts["number"]
    lines = [
        words.welcome_hello.format(name=one_line(facts["name"]) or number),
        "",
        words.welcome_body.format(number=number, server=server),
    ]
    for network, link in facts["links"].items():
        lines += ["", words.welcome_links[network], link]
    lines += ["", words.welcome_once.format(until=style.moment(facts["until"]))]
    return words.welcome_subject.format(server=server), "\n".join(lines)


def _queue(facts: Facts) -> str:
    return one_line(f"{facts['queue_name']} {facts['queue']}")


_WRITERS: dict[MailKind, Callable[[Facts, Words, Style], tuple[str, str]]] = {
    MailKind.TEST: _test,
    MailKind.QUEUE_CALLS: _queue_calls,
    MailKind.AUTO_PAUSED: _auto_paused,
    MailKind.PASSWORD_CHANGED: _password_changed,
    MailKind.CALLS_MISSED: _calls_missed,
    MailKind.VOICEMAIL: _voicemail,
    MailKind.WELCOME: _welcome,
}
