"""A real phone with made-up sound cards, and a small PBX to call through."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication

from linkus_desktop.sip.audio import Audio
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import Registration
from server.contract.auth import SipAccount
from tests.linkus_desktop.sip.exchange import Exchange
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.linkus_desktop.sip.sound_cards import SoundCards
from tests.phones.waiting import PATIENCE_S

Until = Callable[..., Awaitable[None]]


@pytest.fixture
def until(qapp: QCoreApplication) -> Until:
    """Let Qt and asyncio run until a condition holds."""

    async def wait(holds: Callable[[], Any], what: str = "", *, within_s: float = PATIENCE_S) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while not holds():
            assert loop.time() < deadline, f"not within {within_s} s: {what or holds}"
            qapp.processEvents()
            await asyncio.sleep(0.004)

    return wait


@pytest.fixture
def cards() -> SoundCards:
    return SoundCards()


@pytest.fixture
async def pbx() -> AsyncIterator[SmallPbx]:
    small = SmallPbx()
    await small.start()
    yield small
    await small.stop()


@pytest.fixture
async def phone(qapp: QCoreApplication, cards: SoundCards, pbx: SmallPbx) -> AsyncIterator[Phone]:
    """Not started yet. The PBX goes after it, so that it can unregister."""
    made = Phone(Audio(cards))
    yield made
    await made.stop()
    assert not cards.running
    assert not cards.bells
    made.deleteLater()
    qapp.processEvents()


def account(pbx: SmallPbx | Exchange, **changes: Any) -> SipAccount:
    ports = {f"{name}_port": pbx.port if name == pbx.transport else None for name in ("udp", "tcp", "tls")}
    fields: dict[str, Any] = {
        "username": "2000", "password": "a-long-secret-of-ours", "realm": "asterisk",
        "display_name": "Emily Stone", "host": None, "transport": pbx.transport, "srtp": "off",
        "codecs": ["G722", "PCMA", "PCMU"], "expires_s": 120, **ports,
    }  # fmt: skip
    return SipAccount.model_validate(fields | changes)


@pytest.fixture
async def registered(phone: Phone, pbx: SmallPbx, until: Until) -> Phone:
    phone.start(account(pbx), "127.0.0.1")
    await until(lambda: phone.registration is Registration.REGISTERED, "registered")
    return phone
