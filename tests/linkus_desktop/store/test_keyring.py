"""AUTH-4: the password is in the system's keyring, or nowhere."""

import asyncio
import logging
import threading

import pytest
from keyring.backends import chainer, fail, null

from linkus_desktop.store.keyring import Backend, Keyring, KeyringError


async def test_a_password_is_kept_by_server_and_user(memory_keyring: object) -> None:
    ours = Keyring()
    assert await ours.problem() == ""
    await ours.put("pbx", "1001", "one")
    await ours.put("pbx", "1002", "two")
    await ours.forget("pbx", "1002")
    await ours.forget("pbx", "1002")
    assert await ours.get("pbx", "1001") == "one"
    assert await ours.get("pbx", "1002") is None
    assert await ours.get("other", "1001") is None


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
async def test_a_system_without_one_is_told(monkeypatch: pytest.MonkeyPatch, backend: type) -> None:
    monkeypatch.setattr("keyring.get_keyring", backend)
    ours = Keyring()
    assert "cannot be remembered" in await ours.problem()
    with pytest.raises(KeyringError, match="enter the password each time"):
        await ours.put("pbx", "1001", "secret")


async def test_one_that_writes_in_clear_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = type("PlaintextKeyring", (), {"__module__": "keyrings.alt.file"})()
    chain = chainer.ChainerBackend()
    monkeypatch.setattr(chainer.ChainerBackend, "backends", [plain])
    monkeypatch.setattr("keyring.get_keyring", lambda: chain)
    assert "cannot be remembered" in await Keyring().problem()


async def test_a_failure_is_told_without_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def set_password(self, service: str, username: str, password: str) -> None:
            raise RuntimeError(f"cannot keep {password}")

    def find() -> Backend:
        return Broken()  # type: ignore[return-value]

    with caplog.at_level(logging.DEBUG), pytest.raises(KeyringError, match="RuntimeError") as failed:
        await Keyring(find).put("pbx", "1001", "the secret")
    assert "the secret" not in caplog.text + str(failed.value)
    assert failed.value.__cause__ is None


async def test_a_keyring_that_waits_for_its_owner_blocks_nobody() -> None:
    unlocked = threading.Event()

    class Locked:
        def get_password(self, service: str, username: str) -> str | None:
            unlocked.wait()
            return "late"

    def find() -> Backend:
        return Locked()  # type: ignore[return-value]

    asked = asyncio.ensure_future(Keyring(find).get("pbx", "1001"))
    ticks = 0
    while ticks < 3:
        await asyncio.sleep(0)
        ticks += 1
    assert not asked.done()
    unlocked.set()
    assert await asked == "late"
