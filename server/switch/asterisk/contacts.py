"""The table of registered phones, kept from what the manager interface tells.

With `rewrite_contact` the contact URI carries the address that the phone's REGISTER really came from.
"""

import hashlib
import re
from collections.abc import Iterable

from server.switch.asterisk.ami import Message
from server.switch.port import Contact

_GONE = "Removed"
_UNREACHABLE = frozenset({"Unreachable", "Unavail"})


def parse_contact(message: Message) -> Contact | None:
    """A contact from a `ContactList` or `ContactStatus` message; None if it is not one of a phone."""
    uri = message.get("URI") or message.get("Uri") or ""
    number = message.get("AOR") or message.get("ObjectName", "").partition(";@")[0]
    if not uri or not number:
        return None
    status = message.get("ContactStatus") or message.get("Status") or ""
    return Contact(
        number=number,
        uri=uri,
        transport=_transport(uri),
        user_agent=message.get("UserAgent", ""),
        reachable=status not in _UNREACHABLE,
        address=_address(uri),
    )


def is_removal(message: Message) -> bool:
    """Whether a `ContactStatus` message says that the contact is no more."""
    return message.get("ContactStatus") == _GONE


def contacts_of_aor(number: str, uris: str) -> tuple[Contact, ...]:
    """Contacts from the field `contact` of an aor: URIs with commas between them, "" for none."""
    return tuple(
        Contact(number=number, uri=uri, transport=_transport(uri), address=_address(uri))
        for uri in re.split(r",(?=sips?:)", uris)
        if uri
    )


def contact_id(contact: Contact) -> str:
    """Asterisk's own id of a contact object: the AOR and a hash of the URI."""
    return f"{contact.number};@{hashlib.md5(contact.uri.encode(), usedforsecurity=False).hexdigest()}"


class ContactTable:
    """Registered phones by extension, in the order in which they registered."""

    def __init__(self) -> None:
        self._contacts: dict[str, dict[str, Contact]] = {}

    def of(self, number: str) -> tuple[Contact, ...]:
        """Phones of an extension; empty if it has none."""
        return tuple(self._contacts.get(number, {}).values())

    def find(self, number: str, uri: str) -> Contact | None:
        """A phone by its URI, if it is known."""
        return self._contacts.get(number, {}).get(uri)

    def put(self, contact: Contact) -> bool:
        """A phone is there, or is different now; whether that is news."""
        phones = self._contacts.setdefault(contact.number, {})
        news = phones.get(contact.uri) != contact
        phones[contact.uri] = contact
        return news

    def remove(self, contact: Contact) -> bool:
        """A phone is gone; whether that is news."""
        phones = self._contacts.get(contact.number, {})
        news = phones.pop(contact.uri, None) is not None
        if not phones:
            self._contacts.pop(contact.number, None)
        return news

    def replace(self, contacts: Iterable[Contact]) -> list[str]:
        """Take in a full list; the numbers whose contacts changed."""
        before = self._contacts
        self._contacts = {}
        for contact in contacts:
            self._contacts.setdefault(contact.number, {})[contact.uri] = contact
        numbers = [*before, *(number for number in self._contacts if number not in before)]
        return [number for number in numbers if tuple(before.get(number, {}).values()) != self.of(number)]

    def forget(self, number: str) -> bool:
        """Drop an extension's contacts; whether it had any."""
        return self._contacts.pop(number, None) is not None


def _transport(uri: str) -> str:
    for parameter in uri.lower().split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name == "transport":
            return value
    return "tls" if uri.lower().startswith("sips:") else "udp"


def _address(uri: str) -> str:
    host = uri.partition(":")[2].partition(";")[0].partition("?")[0].rpartition("@")[2]
    return host if host.rpartition(":")[2].isdigit() else f"{host}:5060"
