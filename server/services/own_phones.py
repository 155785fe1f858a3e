"""The registered phones of each extension, as their owners see them: topic `phones` (SIP-11)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from server.contract.events import Topic
from server.contract.own_calls import OwnPhone
from server.rules.endpoints import kind_of
from server.rules.remote_control import can_be_told_to_answer
from server.services.accounts import Who
from server.services.directory import Directory
from server.services.hub import Hub
from server.switch.port import Contact, ContactsChanged, Down, Event, Switch, Up


class OwnPhones:
    """Follows the registrations. While the engine is away, nobody knows whether the last ones are there."""

    def __init__(self, *, switch: Switch, hub: Hub, directory: Directory) -> None:
        self._switch = switch
        self._directory = directory
        self._hub = hub
        self._shown: dict[str, dict[str, OwnPhone]] = {}
        self._stop_listening: Callable[[], None] | None = None
        hub.topic(Topic.PHONES, self._snapshot)

    def start(self) -> None:
        """Follow the switch. Call it before the switch starts."""
        self._stop_listening = self._switch.listen(self._on_switch)

    def stop(self) -> None:
        """Follow nothing any longer."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    def of(self, number: str) -> list[OwnPhone]:
        """The phones of an extension."""
        return list(self._shown.get(number, {}).values())

    async def _snapshot(self, who: Who) -> Mapping[str, Any]:
        return dict(self._shown.get(who.number or "", {}))

    def _on_switch(self, event: Event) -> None:
        match event:
            case ContactsChanged():
                self._refresh(event.number, event.contacts)
            case Down():
                for number, phones in tuple(self._shown.items()):
                    self._show(number, {key: _unknown(phone) for key, phone in phones.items()})
            case Up():
                for number in {*self._shown, *(one.number for one in self._directory.all())}:
                    self._refresh(number, self._switch.contacts(number))

    def _refresh(self, number: str, contacts: tuple[Contact, ...]) -> None:
        self._show(number, {phone_id(contact): _phone(contact) for contact in contacts})

    def _show(self, number: str, fresh: dict[str, OwnPhone]) -> None:
        old = self._shown.get(number, {})
        if fresh:
            self._shown[number] = fresh
        else:
            self._shown.pop(number, None)
        for key in old.keys() | fresh.keys():
            if fresh.get(key) != old.get(key):
                self._hub.publish(Topic.PHONES, key, fresh.get(key), to=number)


def phone_id(contact: Contact) -> str:
    """The id of a registered phone, which says nothing of where it is."""
    return hashlib.sha256(f"{contact.number} {contact.uri}".encode()).hexdigest()[:32]


def _phone(contact: Contact) -> OwnPhone:
    return OwnPhone(
        id=phone_id(contact),
        name=contact.user_agent,
        kind=kind_of(contact.user_agent),
        can_answer=can_be_told_to_answer(contact.user_agent),
        reachable=contact.reachable,
    )


def _unknown(phone: OwnPhone) -> OwnPhone:
    return phone.model_copy(update={"reachable": None})
