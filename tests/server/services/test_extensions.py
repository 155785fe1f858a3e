"""Extensions: master data, secrets, what the switch gets, who is told; on both databases."""

import struct
import zlib

import pytest

from server.contract.errors import ErrorCode
from server.contract.extensions import Extension, ExtensionChange, ExtensionCreate
from server.core import Core, open_core
from server.services.errors import ServiceError
from server.services.extensions import ExtensionChanged
from server.services.extensions_avatars import MAX_BYTES, check
from server.services.vault import VaultError, make_keys
from tests.server.conftest import SettableClock


def png(width: int = 2, height: int = 2) -> bytes:
    """A picture, as far as its header tells."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def jpeg(width: int = 2, height: int = 2) -> bytes:
    """A picture with an APP0 segment before its frame header."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + frame + b"\xff\xd9"


async def test_secrets_that_are_not_given_are_made_and_returned_once(core: Core) -> None:
    created = await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    assert created.password
    assert created.sip_secret
    assert created.password != created.sip_secret
    endpoint = await core.extensions.sip_endpoint("1001")
    assert endpoint is not None
    assert endpoint.secret == created.sip_secret
    assert created.sip_secret not in repr(endpoint)


async def test_given_secrets_are_used_and_not_returned(core: Core) -> None:
    new = ExtensionCreate(number="1001", password="correct-horse-battery", sip_secret="0123456789abcdef")
    created = await core.extensions.add(new, by="test")
    assert (created.password, created.sip_secret) == (None, None)
    endpoint = await core.extensions.sip_endpoint("1001")
    assert endpoint is not None
    assert endpoint.secret == "0123456789abcdef"


async def test_a_number_or_email_that_is_taken_is_a_conflict_that_changes_nothing(core: Core) -> None:
    await core.extensions.add(ExtensionCreate(number="1001", email="a@example.org"), by="test")
    with pytest.raises(ServiceError, match="extension 1001 already") as caught:
        await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    assert caught.value.code is ErrorCode.CONFLICT
    with pytest.raises(ServiceError, match="belongs to another"):
        await core.extensions.add(ExtensionCreate(number="1002", email="A@Example.org"), by="test")
    assert [extension.number for extension in await core.extensions.list()] == ["1001"]
    await core.extensions.add(ExtensionCreate(number="1003"), by="test")
    with pytest.raises(ServiceError, match="belongs to another"):
        await core.extensions.change("1003", ExtensionChange(email="a@example.org"), by="test")


async def test_only_given_fields_change_and_none_clears(core: Core) -> None:
    new = ExtensionCreate(
        number="1001", first_name="Anna", email="a@example.org", mobile="123", groups=["Sales", "Board"]
    )
    await core.extensions.add(new, by="test")
    await core.extensions.change("1001", ExtensionChange(last_name="Bell"), by="test")
    await core.extensions.change("1001", ExtensionChange(email=None), by="test")
    await core.extensions.change("1001", ExtensionChange(groups=["Board", "Support", "Board"]), by="test")
    found = await core.extensions.get("1001")
    assert (found.display_name, found.email, found.mobile) == ("Anna Bell", None, "123")
    assert found.groups == ["Board", "Support"]
    with pytest.raises(ServiceError, match="enabled: cannot be empty"):
        await core.extensions.change("1001", ExtensionChange(enabled=None), by="test")
    await core.extensions.add(ExtensionCreate(number="1002", email="a@example.org"), by="test")


async def test_new_secrets_on_demand(core: Core) -> None:
    created = await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    changed = await core.extensions.change("1001", ExtensionChange(password=None, sip_secret=None), by="test")
    assert changed.password not in (None, created.password)
    assert changed.sip_secret not in (None, created.sip_secret)
    endpoint = await core.extensions.sip_endpoint("1001")
    assert endpoint is not None
    assert endpoint.secret == changed.sip_secret


async def test_the_switch_gets_enabled_extensions_only_AUTH_7(core: Core) -> None:
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    await core.extensions.change("1001", ExtensionChange(enabled=False), by="test")
    assert [endpoint.number for endpoint in await core.extensions.sip_endpoints()] == ["1002"]
    assert await core.extensions.sip_endpoint("1001") is None
    assert await core.extensions.sip_endpoint("9999") is None


async def test_observers_are_told_after_the_commit_and_never_of_a_failure(core: Core) -> None:
    told: list[ExtensionChanged] = []

    def broken(_: ExtensionChanged) -> None:
        raise RuntimeError("an observer with a bug")

    core.extensions.observe(broken)
    stop = core.extensions.observe(told.append)
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    with pytest.raises(ServiceError):
        await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    await core.extensions.change("1001", ExtensionChange(first_name="Anna"), by="test")
    await core.extensions.remove("1001", by="test")
    stop()
    await core.extensions.add(ExtensionCreate(number="1002"), by="test")
    names = [change.extension.first_name if change.extension else None for change in told]
    assert [(change.number, name) for change, name in zip(told, names, strict=True)] == [
        ("1001", ""),
        ("1001", "Anna"),
        ("1001", None),
    ]


async def test_what_is_not_there_is_not_found(core: Core) -> None:
    for work in (
        core.extensions.get("9999"),
        core.extensions.change("9999", ExtensionChange(first_name="A"), by="test"),
        core.extensions.remove("9999", by="test"),
        core.extensions.unlock("9999", by="test"),
        core.avatars.get("9999"),
        core.avatars.set("9999", png(), by="test"),
        core.avatars.remove("9999", by="test"),
    ):
        with pytest.raises(ServiceError, match="9999") as caught:
            await work
        assert caught.value.code is ErrorCode.NOT_FOUND


async def test_weak_passwords_are_refused_with_the_reason_AUTH_5(core: Core) -> None:
    for password, why in (
        ("short-1", "at least 10"),
        ("aaaaaaaaaa1", "different characters"),
        ("onlyletters", "letters and others"),
        ("my-1001-line", "must not contain"),
        ("Anna.Bell-11", "must not contain"),
    ):
        new = ExtensionCreate(number="1001", email="anna.bell@example.org", password=password)
        with pytest.raises(ServiceError, match=why) as caught:
            await core.extensions.add(new, by="test")
        assert caught.value.code is ErrorCode.WEAK_PASSWORD
        assert password not in caught.value.message


async def test_what_was_done_is_in_the_audit_log_without_secrets(core: Core) -> None:
    created = await core.extensions.add(ExtensionCreate(number="1001"), by="admin", address="192.0.2.1")
    await core.extensions.change("1001", ExtensionChange(sip_secret="0123456789abcdef"), by="admin")
    entries = await core.audit.list(limit=2)
    assert [(e.actor, e.action, e.subject) for e in entries] == [
        ("admin", "extension.change", "1001"),
        ("admin", "extension.add", "1001"),
    ]
    assert entries[1].address == "192.0.2.1"
    written = repr(await core.audit.list())
    assert "0123456789abcdef" not in written
    assert str(created.password) not in written


async def test_a_database_without_its_key_file_gives_no_secret_away(core: Core, clock: SettableClock) -> None:
    await core.extensions.add(ExtensionCreate(number="1001"), by="test")
    (core.settings.data / "secrets.key").unlink()
    make_keys(core.settings.data)
    async with open_core(core.settings, clock) as reopened:
        with pytest.raises(VaultError, match="restore the key file"):
            await reopened.extensions.sip_endpoints()


async def test_pictures_are_kept_by_hash_and_dropped_with_their_last_user_DIR_4(core: Core) -> None:
    for number in ("1001", "1002"):
        await core.extensions.add(ExtensionCreate(number=number), by="test")
    told: list[Extension | None] = []
    core.extensions.observe(lambda change: told.append(change.extension))
    one = await core.avatars.set("1001", png(), by="1001")
    assert await core.avatars.set("1002", png(), by="1002") == one
    assert [extension.avatar for extension in told if extension] == [one, one]
    picture = await core.avatars.get("1001")
    assert (picture.hash, picture.media_type, picture.content) == (one, "image/png", png())
    await core.avatars.remove("1001", by="1001")
    assert (await core.avatars.get("1002")).hash == one
    other = await core.avatars.set("1002", jpeg(), by="1002")
    assert (await core.avatars.get("1002")).media_type == "image/jpeg"
    assert (await core.extensions.get("1002")).avatar == other
    await core.avatars.remove("1002", by="1002")
    with pytest.raises(ServiceError):
        await core.avatars.get("1002")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"GIF89a" + bytes(40), "neither JPEG nor PNG"),
        (b"", "neither JPEG nor PNG"),
        (png()[:14], "damaged"),
        (jpeg()[:12], "damaged"),
        (png(0, 5), "damaged"),
        (png(5000, 10), "5000x10"),
        (jpeg(10, 5000), "10x5000"),
        (png() + bytes(MAX_BYTES), "bytes"),
    ],
)
def test_what_is_no_acceptable_picture_is_refused_DIR_4(content: bytes, why: str) -> None:
    with pytest.raises(ServiceError, match=why):
        check(content)
