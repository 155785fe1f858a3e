"""A desk phone's key: a subscription, and every NOTIFY that came in it (RFC 6665)."""

import re
import secrets
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.phones.dialog_info import CONTENT_TYPE, DialogInfo, read
from tests.phones.phone import ANSWERS_WITHIN_S
from tests.phones.ports import LOOPBACK
from tests.phones.sipscript import Message
from tests.phones.waiting import until

if TYPE_CHECKING:
    from tests.phones.script_phone import ScriptPhone

_ACCEPT = {
    "dialog": CONTENT_TYPE,
    "message-summary": "application/simple-message-summary",
    "presence": "application/pidf+xml",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A NOTIFY: what it says of the subscription, its body, and when it came (`time.monotonic`)."""

    subscription: str
    content_type: str
    body: str
    at: float


class Subscription:
    """One subscription of a phone.

    Attributes:
        notices: every NOTIFY, in order.
        answer: the answer to the latest SUBSCRIBE.
    """

    def __init__(self, phone: "ScriptPhone", value: str, *, event: str = "dialog") -> None:
        self.notices: list[Notice] = []
        self.answer: Message | None = None
        self._phone = phone
        self._event = event
        self._uri = f"sip:{value}@{phone.line.host}:{phone.line.port}"
        self._target = self._uri
        self._remote = f"<{self._uri}>"
        self._local = f"<sip:{phone.line.number}@{phone.line.host}>;tag={secrets.token_hex(4)}"
        self._call_id = f"{secrets.token_hex(8)}@{LOOPBACK}"
        self._sequence = 0
        self._read: list[DialogInfo] = []
        self._looked_at = 0

    async def begin(self, *, expires_s: int = 3600, timeout_s: float = ANSWERS_WITHIN_S) -> int:
        """Subscribe, or renew it; the status of the answer. `expires_s` 0 ends it."""
        self._phone.subscriptions[self._call_id] = self
        self._sequence += 1
        request = self._phone._request(
            "SUBSCRIBE", self._target, call_id=self._call_id, sequence=self._sequence, to=self._remote,
            from_=self._local,
            headers=[
                ("Contact", f"<{self._phone._contact}>"), ("Event", self._event), ("Expires", str(expires_s)),
                ("Accept", _ACCEPT[self._event]),
            ],
        )  # fmt: skip
        self.answer = answer = await self._phone._ask(request, timeout_s=timeout_s)
        self._sequence = int(answer.get("CSeq").split()[0])
        if answer.status == 200:
            self._remote = answer.get("To")
            contact = re.search(r"<([^>]+)>", answer.get("Contact"))
            self._target = contact.group(1) if contact else self._target
        return answer.status

    async def renew(self) -> int:
        """Within the same dialog."""
        return await self.begin()

    async def end(self) -> None:
        """Unsubscribe; the last NOTIFY is waited for."""
        await self.begin(expires_s=0)
        await until(lambda: self.ended, "the subscription ends")

    def notified(self, request: Message) -> None:
        """A NOTIFY came."""
        self.notices.append(
            Notice(
                request.get("Subscription-State"), request.get("Content-Type"), request.body, time.monotonic()
            )
        )

    @property
    def ended(self) -> bool:
        """Whether the PBX has ended it."""
        return bool(self.notices) and self.notices[-1].subscription.startswith("terminated")

    @property
    def documents(self) -> list[DialogInfo]:
        """Every document that came, read strictly: versions rise, all are full, all of one entity.

        Upon renewal Asterisk tells its last document again, with the version it had.
        """
        documents = self.bodies()
        for before, after in pairwise(documents):
            assert after.version == before.version + 1 or after == before, (before, after)
        assert all(document.full for document in documents)
        assert len({document.entity for document in documents}) <= 1
        return documents

    def bodies(self) -> list[DialogInfo]:
        """Every document that came, in this order; `AssertionError` if one is not as RFC 4235 has it."""
        if self._event != "dialog":
            return []
        for notice in self.notices[self._looked_at :]:
            if notice.body:
                assert notice.content_type.startswith(CONTENT_TYPE), notice.content_type
                self._read.append(read(notice.body))
            self._looked_at += 1
        return [*self._read]

    @property
    def lamps(self) -> list[str]:
        """What the key has shown, in order."""
        return [document.lamp for document in self.documents]

    @property
    def shown_in_a_storm(self) -> list[str]:
        """What a phone shows where a NOTIFY may be lost or late: never an older version after a newer one.

        RFC 4235, section 4.3: a document older than the last one is discarded, a full one counts alone.
        """
        newest, shown = -1, []
        for document in self.bodies():
            if document.version > newest:
                newest = document.version
                shown.append(document.lamp)
        return shown

    async def shows(self, *lamps: str, timeout_s: float = ANSWERS_WITHIN_S) -> None:
        """Wait until the key has shown these, one after the other, since its beginning."""
        await until(
            lambda: self.lamps[-len(lamps) :] == [*lamps],
            f"phone {self._phone.line.number} sees {lamps} at {self._uri}",
            timeout_s=timeout_s,
            every_s=0.01,
        )

    async def counts(self, new: int, heard: int) -> None:
        """Wait until a message summary says so many messages."""

        def look() -> bool:
            return bool(self.notices) and summary(self.notices[-1].body) == (new, heard)

        await until(look, f"{new} new and {heard} heard messages are told")


def summary(body: str) -> tuple[int, int] | None:
    """New and heard messages of a message summary (RFC 3842); None if it is none, or contradicts itself."""
    waiting = re.search(r"(?im)^Messages-Waiting:\s*(yes|no)\s*$", body)
    counts = re.search(r"(?im)^Voice-Message:\s*(\d+)/(\d+)", body)
    if not waiting or not counts:
        return None
    new, heard = int(counts.group(1)), int(counts.group(2))
    return (new, heard) if (waiting.group(1).lower() == "yes") == (new > 0) else None
