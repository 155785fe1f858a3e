"""The world outside of the tests' server: two carriers, trunks to them, and routes both ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.phones.carrier import Carrier
from tests.phones.carrier_call import CarrierCall
from tests.phones.hearing import Listener, hears_tone
from tests.phones.ports import LOOPBACK
from tests.phones.script_phone import ScriptPhone
from tests.phones.waiting import until
from tests.real.pbx import Pbx
from tests.real.prompts import upload

SAYS = {"1001": 550.0, "1002": 700.0, "1003": 1600.0, "1004": 1800.0}
MAIN_HZ, BACKUP_HZ, MENU_HZ = 900.0, 1300.0, 1000.0
"""What is heard from whoever is behind either trunk, and of the menu."""
COMPANY, ELIN, STRANGER = "+420530335500", "+420530335599", "+420777123456"
ACCOUNT = {"username": "office", "secret": "carrier-secret-1"}
ALL_DAY = [
    {
        "days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        "start": "00:00",
        "end": "24:00",
    }
]
EVERY_DAY = [
    {"first": "2000-01-01", "last": "2000-12-30", "yearly": True},
    {"first": "2000-12-31", "yearly": True},
]
GROUP, MENU = "6220", "6520"
DID = "53033550"
"""Begins the numbers that lead inside; the last digit says where."""


def to(kind: str, value: str) -> dict[str, str]:
    """A destination."""
    return {"kind": kind, "value": value}


def by_hours(condition: str) -> dict[str, Any]:
    """1001 while the condition holds, else 1002."""
    timed = [{"time_condition": condition, "destination": to("extension", "1001")}]
    return {"timed": timed, "destination": to("extension", "1002")}


INBOUND: tuple[dict[str, Any], ...] = (
    {"destination": to("extension", "1001")},
    {"destination": to("extension", "1002")},
    {"destination": to("ring_group", GROUP)},
    {"destination": to("ivr", MENU)},
    {"destination": to("voicemail", "1005")},
    by_hours("always"),
    by_hours("never"),
    {"destination": to("external", "00420530700000")},
)
"""Inbound routes, by the last digit of their DID."""

OUTBOUND: dict[str, dict[str, Any]] = {
    "national": {"patterns": [{"pattern": "00420XXXXXXXXX", "strip": 5}], "everybody": True},
    "world": {"patterns": [{"pattern": "00.", "strip": 2, "prepend": "+"}], "extensions": ["1001"]},
    "branch": {
        "patterns": [{"pattern": "87XXX", "strip": 2, "prepend": "420530"}],
        "extensions": ["1001"],
        "trunks": ["backup"],
    },
}
"""Outbound routes, by position; over `main`, then `backup`, unless they say otherwise."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Two carriers: at `main` the PBX is registered, and shows its own number; `backup` is a peer."""

    pbx: Pbx
    main: Carrier
    backup: Carrier

    def trunk(self, name: str, **more: object) -> dict[str, object]:
        """What `trunk set` takes for either."""
        if name == "main":
            return {
                "kind": "register", "host": self.main.address, "port": self.main.port, **ACCOUNT,
                "caller_id_number": COMPANY, **more,
            }  # fmt: skip
        return {"kind": "peer", "host": self.backup.address, "port": self.backup.port, **more}

    def objects(self) -> dict[str, dict[str, Any]]:
        """Everything that is configured, by its address in the API, in order."""
        menu = {"prompt": "outside", "choices": [{"key": "1", "destination": to("extension", "1002")}]}
        made: dict[str, dict[str, Any]] = {
            "/trunks/main": self.trunk("main"),
            "/trunks/backup": self.trunk("backup"),
            "/emergency-numbers/112": {"trunks": ["main"], "caller_id_number": ELIN},
            "/holidays/every-day": {"dates": EVERY_DAY},
            "/time-conditions/always": {"periods": ALL_DAY},
            "/time-conditions/never": {"periods": ALL_DAY, "except_holidays": ["every-day"]},
            f"/ring-groups/{GROUP}": {"members": ["1001", "1002"]},
            f"/ivrs/{MENU}": menu,
        }
        for position, (name, route) in enumerate(OUTBOUND.items()):
            body = {"trunks": ["main", "backup"], "position": position, **route}
            made[f"/outbound-routes/{name}"] = body
        for digit, route in enumerate(INBOUND):
            made[f"/inbound-routes/to-{digit}"] = {"did_pattern": f"{DID}{digit}", **route}
        return made

    async def call_in(self, digit: int, *, over: Carrier | None = None, **more: str) -> CarrierCall:
        """A stranger calls the DID with this last digit."""
        return await (over or self.backup).call(f"{DID}{digit}", caller=STRANGER, **more)

    async def trunk_is(self, name: str, status: str) -> str:
        """Wait until the administrator is told this of a trunk; the reason beside it."""

        async def look() -> dict[str, str] | None:
            told = {one["name"]: one for one in (await self.pbx.api("GET", "/status"))["trunks"]}
            return told[name] if told.get(name, {}).get("status") == status else None

        return (await until(look, f"trunk {name} is told to be {status}") or {})["reason"]

    async def logged(self, owner: str, number: str, *, after: set[str]) -> dict[str, Any]:
        """Wait for a call with this number in the log of an extension that is none of `after`."""

        async def look() -> dict[str, Any] | None:
            new = [one for one in await self.pbx.log_of(owner) if one["id"] not in after]
            return next((one for one in new if one["number"] == number), None)

        return await until(look, f"a call with {number} is in the log of {owner}") or {}

    async def hang_up(self) -> None:
        """End every call of both carriers."""
        for call in (*self.main.calls, *self.backup.calls):
            await call.hangup()


@asynccontextmanager
async def set_up(pbx: Pbx, folder: Path) -> AsyncIterator[Outside]:
    """The server with its trunks up and its routes set; all of that is removed in the end."""
    at = (LOOPBACK, pbx.sip_port)
    await upload(pbx, folder, "outside", MENU_HZ)
    async with Carrier(at) as main, Carrier(at, address="127.0.7.2") as backup:
        main.secrets = {ACCOUNT["username"]: ACCOUNT["secret"]}
        main.demands_secret = True
        main.says, backup.says = MAIN_HZ, BACKUP_HZ
        outside = Outside(pbx, main, backup)
        for path, body in outside.objects().items():
            await pbx.api("PUT", path, body=body)
        await outside.trunk_is("main", "registered")
        await outside.trunk_is("backup", "reachable")
        yield outside
        for path in reversed(outside.objects()):
            await pbx.api("DELETE", path)
        await until(lambda: not main.bindings, "the registration is withdrawn")
    await pbx.api("DELETE", "/prompts/outside")


@asynccontextmanager
async def a_phone(pbx: Pbx, number: str) -> AsyncIterator[ScriptPhone]:
    """A phone of this extension that says its tone."""
    async with ScriptPhone(pbx.line(number)) as phone:
        phone.says(SAYS[number])
        yield phone


async def heard(one: Listener, says: float, other: Listener, answers: float) -> None:
    """Wait until both hear each other: `one` says the first tone, `other` the second."""
    await asyncio.gather(hears_tone(one, answers), hears_tone(other, says))
