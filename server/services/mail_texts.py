"""What stands in mails: every sentence, in each language, and nothing else (OPS-4).

`{…}` are facts; `mail_letters` fills them in. A language is complete or does not type-check.
"""

from dataclasses import dataclass

from server.contract.mail import MailLanguage


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language.

    Attributes:
        footer: below every mail, with the name of the server.
        unknown: a caller without number.
    """

    footer: str
    unknown: str
    test_subject: str
    test_body: str


ENGLISH = Words(
    footer="This mail was sent by {server}. Answers to it are not read.",
    unknown="unknown number",
    test_subject="Test mail from {server}",
    test_body="The mail settings work: {server} could send this mail.",
)

CZECH = Words(
    footer="Tuto zprávu odeslal systém {server}. Odpovědi na ni nikdo nečte.",
    unknown="neznámé číslo",
    test_subject="Zkušební zpráva ze systému {server}",
    test_body="Nastavení pošty je v pořádku: {server} dokázal tuto zprávu odeslat.",
)

WORDS: dict[MailLanguage, Words] = {MailLanguage.ENGLISH: ENGLISH, MailLanguage.CZECH: CZECH}
