"""Login, lock-out, sessions (AUTH-1, 3, 5, 6, 7); every test runs on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from server.contract.auth import LoginReply, LoginRequest, PasswordChange
from server.contract.errors import ErrorCode
from server.contract.extensions import ExtensionChange, ExtensionCreate, Role, SrtpMode
from server.core import Core, open_core
from server.db.models import AccountRow, RefreshTokenRow, SessionRow
from server.services.errors import ServiceError
from server.services.passwords import Passwords
from server.settings import Argon2Settings, Settings
from tests.server.conftest import ADMIN_PASSWORD, SettableClock

PASSWORD = "correct-horse-battery"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


async def _anna(core: Core) -> None:
    await core.extensions.add(
        ExtensionCreate(number="1001", first_name="Anna", email="Anna@Example.org", password=PASSWORD),
        by="test",
    )


async def _login(core: Core, user: str = "1001", password: str = PASSWORD, address: str = HERE) -> LoginReply:
    return await core.auth.login(LoginRequest(user=user, password=password), address=address)


async def _refused(core: Core, user: str = "1001", address: str = HERE) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await _login(core, user, "wrong-password-1", address)
    return caught.value


@pytest.mark.parametrize("user", ["1001", "anna@example.org", "ANNA@EXAMPLE.ORG"])
async def test_login_by_number_or_email_in_any_case_AUTH_1(core: Core, user: str) -> None:
    await _anna(core)
    reply = await _login(core, user)
    assert reply.me.user == "1001"
    assert reply.me.role is Role.USER
    assert reply.me.extension is not None
    assert reply.me.extension.first_name == "Anna"
    who = await core.auth.authenticate(reply.access_token)
    assert (who.number, who.is_administrator) == ("1001", False)


async def test_login_brings_the_sip_account_AUTH_3(core: Core) -> None:
    created = await core.extensions.add(ExtensionCreate(number="1001", first_name="Anna"), by="test")
    reply = await _login(core, password=created.password or "")
    assert reply.sip is not None
    assert (reply.sip.username, reply.sip.password) == ("1001", created.sip_secret)
    assert reply.sip.display_name == "Anna"
    assert reply.sip.codecs == ["G722", "PCMA", "PCMU"]
    assert reply.sip.udp_port == core.settings.sip.port


async def test_mandatory_srtp_is_told_to_register_over_tls_AUTH_3(core: Core) -> None:
    await core.extensions.add(
        ExtensionCreate(number="1001", password=PASSWORD, srtp=SrtpMode.MANDATORY), by="test"
    )
    reply = await _login(core)
    assert reply.sip is not None
    assert reply.sip.transport == "tls"


async def test_the_administrator_logs_in_without_a_phone(core: Core) -> None:
    reply = await _login(core, "Admin", ADMIN_PASSWORD)
    assert reply.me.role is Role.ADMINISTRATOR
    assert reply.sip is None


async def test_passwords_are_argon2id_hashes_and_tokens_are_hashed_AUTH_5_AUTH_7(core: Core) -> None:
    await _anna(core)
    reply = await _login(core)
    async with core.db.reading() as session:
        account = (await session.scalars(select(AccountRow).where(AccountRow.user == "1001"))).one()
        row = (await session.scalars(select(SessionRow))).one()
        refresh = (await session.scalars(select(RefreshTokenRow))).one()
    assert account.password_hash.startswith("$argon2id$")
    assert reply.access_token not in (row.access_hash, row.id)
    assert reply.refresh_token != refresh.hash


async def test_a_wrong_password_and_an_unknown_user_look_alike_AUTH_6(core: Core) -> None:
    await _anna(core)
    known, unknown = await _refused(core), await _refused(core, "4711")
    assert known.body() == unknown.body()
    assert known.code is ErrorCode.BAD_CREDENTIALS
    for _ in range(3):
        await _refused(core)
        await _refused(core, "4711")
    assert (await _refused(core)).body() == (await _refused(core, "4711")).body()
    assert (await _refused(core)).code is ErrorCode.LOCKED


async def test_an_unknown_user_costs_as_much_time_as_a_known_one_AUTH_6(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work is done for both: one check of a hash of the same cost."""
    await _anna(core)
    checked: list[str] = []
    original = PasswordHasher.verify

    def verify(self: PasswordHasher, hashed: str, password: str) -> bool:
        checked.append(hashed.rsplit("$", 2)[0])
        return bool(original(self, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    await _refused(core)
    await _refused(core, "4711")
    assert len(checked) == 2
    assert checked[0] == checked[1]


async def test_a_check_of_a_password_does_not_stop_everything_else() -> None:
    passwords = Passwords(Argon2Settings(time_cost=3, memory_kib=65536))
    try:
        hashing = asyncio.create_task(passwords.hash("a password"))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0)
            turns += 1
        assert (await hashing).startswith("$argon2id$")
    finally:
        passwords.close()
    assert turns > 20


async def test_wrong_passwords_lock_the_account_AUTH_6(core: Core, clock: SettableClock) -> None:
    """The fifth says so, even the right password is refused then, the audit log knows, and time heals it."""
    await _anna(core)
    codes = [(await _refused(core)).code for _ in range(5)]
    assert codes == [ErrorCode.BAD_CREDENTIALS] * 4 + [ErrorCode.LOCKED]
    with pytest.raises(ServiceError) as caught:
        await _login(core)
    assert (caught.value.code, caught.value.retry_after_s) == (ErrorCode.LOCKED, 60)
    assert "60 seconds" in caught.value.message
    assert (await core.extensions.get("1001")).locked_until is not None
    assert [entry.subject for entry in await core.audit.list() if entry.action == "login.locked"] == ["1001"]
    clock.advance(60)
    await _login(core)
    assert (await core.extensions.get("1001")).locked_until is None


async def test_each_further_lock_is_twice_as_long_up_to_a_limit_AUTH_6(
    core: Core, clock: SettableClock
) -> None:
    await _anna(core)
    waits = []
    for number in range(6):
        errors = [await _refused(core, address=f"192.0.2.{10 + number}") for _ in range(5)]
        waits.append(errors[-1].retry_after_s)
        clock.advance(float(errors[-1].retry_after_s or 0))
    assert waits == [60, 120, 240, 480, 900, 900]


async def test_strangers_cannot_lock_out_who_is_logged_in_AUTH_6(core: Core) -> None:
    await _anna(core)
    await _login(core, address=HERE)
    for _ in range(6):
        await _refused(core, address=ELSEWHERE)
    with pytest.raises(ServiceError, match="locked"):
        await _login(core, address=ELSEWHERE)
    assert (await _login(core, address=HERE)).me.user == "1001"


async def test_many_tries_at_once_are_no_way_round_the_limit_AUTH_6(core: Core) -> None:
    await _anna(core)
    errors = await asyncio.gather(*(_refused(core) for _ in range(20)))
    assert sum(error.code is ErrorCode.BAD_CREDENTIALS for error in errors) == 4


async def test_an_address_that_tries_many_accounts_is_slowed_down_AUTH_6(
    core: Core, clock: SettableClock
) -> None:
    await _anna(core)
    for number in range(30):
        assert (await _refused(core, str(5000 + number), ELSEWHERE)).code is ErrorCode.BAD_CREDENTIALS
    error = await _refused(core, "6000", ELSEWHERE)
    assert error.code is ErrorCode.RATE_LIMITED
    assert error.retry_after_s == 300
    assert (await _login(core, address=HERE)).me.user == "1001"
    clock.advance(300)
    assert (await _refused(core, "6000", ELSEWHERE)).code is ErrorCode.BAD_CREDENTIALS


async def test_addresses_of_one_ipv6_network_count_as_one_AUTH_6(core: Core) -> None:
    for number in range(30):
        await _refused(core, str(5000 + number), f"2001:db8::{number:x}")
    assert (await _refused(core, "6000", "2001:db8::ffff")).code is ErrorCode.RATE_LIMITED


async def test_right_passwords_do_not_use_up_the_limit_of_an_address(core: Core) -> None:
    await _anna(core)
    for _ in range(32):
        await _login(core)
    assert (await _refused(core, "6000")).code is ErrorCode.BAD_CREDENTIALS, "not that there were too many"


async def test_a_lock_survives_a_restart_AUTH_6(core: Core, clock: SettableClock) -> None:
    await _anna(core)
    for _ in range(5):
        await _refused(core)
    async with open_core(core.settings, clock) as restarted:
        with pytest.raises(ServiceError, match="locked"):
            await _login(restarted)
        await restarted.extensions.unlock("1001", by="admin")
        assert (await _login(restarted)).me.user == "1001"


async def test_a_clock_that_is_set_back_makes_no_lock_last_longer_AUTH_6(
    core: Core, clock: SettableClock
) -> None:
    await _anna(core)
    for _ in range(core.settings.auth.tries):
        await _refused(core)
    clock.advance(-30 * 86400)
    await _login(core)
    for _ in range(core.settings.auth.tries - 1):
        assert (await _refused(core)).code is ErrorCode.BAD_CREDENTIALS
    assert (await _refused(core)).code is ErrorCode.LOCKED


async def test_a_clock_that_is_set_back_does_not_shut_an_address_out_AUTH_6(
    core: Core, clock: SettableClock
) -> None:
    for number in range(core.settings.auth.address_tries):
        await _refused(core, f"nobody-{number}")
    clock.advance(-30 * 86400)
    assert (await _refused(core, "nobody")).code is ErrorCode.BAD_CREDENTIALS


async def test_a_session_survives_a_restart(core: Core, clock: SettableClock) -> None:
    await _anna(core)
    reply = await _login(core)
    async with open_core(core.settings, clock) as restarted:
        assert (await restarted.auth.authenticate(reply.access_token)).user == "1001"


async def test_an_access_token_ends_and_is_renewed_AUTH_7(core: Core, clock: SettableClock) -> None:
    await _anna(core)
    reply = await _login(core)
    clock.advance(900)
    with pytest.raises(ServiceError, match="log in again"):
        await core.auth.authenticate(reply.access_token)
    renewed = await core.auth.refresh(reply.refresh_token, address=HERE)
    assert (await core.auth.authenticate(renewed.access_token)).user == "1001"


async def test_requests_on_their_way_during_a_refresh_are_still_served(
    core: Core, clock: SettableClock
) -> None:
    await _anna(core)
    reply = await _login(core)
    await core.auth.refresh(reply.refresh_token, address=HERE)
    assert (await core.auth.authenticate(reply.access_token)).user == "1001"
    clock.advance(30)
    with pytest.raises(ServiceError):
        await core.auth.authenticate(reply.access_token)


async def test_a_refresh_token_used_twice_ends_the_session_AUTH_7(core: Core) -> None:
    await _anna(core)
    reply = await _login(core)
    session = (await core.auth.authenticate(reply.access_token)).session_id
    ended: list[str] = []
    core.auth.observe_ended(ended.append)
    renewed = await core.auth.refresh(reply.refresh_token, address=HERE)
    await core.auth.authenticate(renewed.access_token)
    with pytest.raises(ServiceError):
        await core.auth.refresh(reply.refresh_token, address=ELSEWHERE)
    assert ended == [session]
    with pytest.raises(ServiceError):
        await core.auth.authenticate(renewed.access_token)
    assert "session.token_reuse" in [entry.action for entry in await core.audit.list()]


async def test_a_refresh_whose_answer_was_lost_may_be_repeated(core: Core, clock: SettableClock) -> None:
    await _anna(core)
    reply = await _login(core)
    await core.auth.refresh(reply.refresh_token, address=HERE)
    clock.advance(10)
    again = await core.auth.refresh(reply.refresh_token, address=HERE)
    assert (await core.auth.authenticate(again.access_token)).user == "1001"


async def test_a_session_that_nobody_renews_ends_AUTH_7(core: Core, clock: SettableClock) -> None:
    await _anna(core)
    reply = await _login(core)
    ended: list[str] = []
    core.auth.observe_ended(ended.append)
    clock.advance(30 * 86400)
    with pytest.raises(ServiceError):
        await core.auth.refresh(reply.refresh_token, address=HERE)
    await core.auth.sweep()
    assert len(ended) == 1
    async with core.db.reading() as session:
        assert await session.scalar(select(func.count()).select_from(RefreshTokenRow)) == 0


async def test_logout_ends_this_session_only_AUTH_4(core: Core) -> None:
    await _anna(core)
    one, two = await _login(core), await _login(core)
    who = await core.auth.authenticate(one.access_token)
    ended: list[str] = []
    core.auth.observe_ended(ended.append)
    await core.auth.logout(who)
    assert ended == [who.session_id]
    with pytest.raises(ServiceError):
        await core.auth.authenticate(one.access_token)
    with pytest.raises(ServiceError):
        await core.auth.refresh(one.refresh_token, address=HERE)
    assert (await core.auth.authenticate(two.access_token)).user == "1001"


@pytest.mark.parametrize(
    "change",
    [
        ExtensionChange(enabled=False),
        ExtensionChange(client_enabled=False),
        ExtensionChange(password="another-good-one-2"),
    ],
    ids=["disabled", "client disabled", "new password"],
)
async def test_a_revoked_extension_is_out_at_once_AUTH_7(core: Core, change: ExtensionChange) -> None:
    await _anna(core)
    reply = await _login(core)
    ended: list[str] = []
    core.auth.observe_ended(ended.append)
    await core.extensions.change("1001", change, by="admin")
    assert len(ended) == 1
    with pytest.raises(ServiceError):
        await core.auth.authenticate(reply.access_token)


async def test_a_removed_extension_is_out_at_once_AUTH_7(core: Core) -> None:
    await _anna(core)
    reply = await _login(core)
    ended: list[str] = []
    core.auth.observe_ended(ended.append)
    await core.extensions.remove("1001", by="admin")
    assert len(ended) == 1
    with pytest.raises(ServiceError):
        await core.auth.authenticate(reply.access_token)
    assert (await _refused(core)).code is ErrorCode.BAD_CREDENTIALS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (ExtensionChange(enabled=False), ErrorCode.FORBIDDEN),
        (ExtensionChange(client_enabled=False), ErrorCode.CLIENT_DISABLED),
    ],
)
async def test_only_the_right_password_learns_that_an_extension_is_disabled(
    core: Core, change: ExtensionChange, code: ErrorCode
) -> None:
    await _anna(core)
    await core.extensions.change("1001", change, by="admin")
    assert (await _refused(core)).code is ErrorCode.BAD_CREDENTIALS
    for _ in range(6):
        with pytest.raises(ServiceError) as caught:
            await _login(core)
        assert caught.value.code is code


async def test_changing_the_password_needs_the_old_one_and_ends_other_sessions_AUTH_5(core: Core) -> None:
    await _anna(core)
    mine, other = await _login(core), await _login(core)
    who = await core.auth.authenticate(mine.access_token)
    with pytest.raises(ServiceError, match="old password is wrong"):
        await core.auth.change_password(
            who, PasswordChange(old_password="wrong", new_password="a-brand-new-one-3"), address=HERE
        )
    with pytest.raises(ServiceError, match="too weak"):
        await core.auth.change_password(
            who, PasswordChange(old_password=PASSWORD, new_password="short"), address=HERE
        )
    await core.auth.change_password(
        who, PasswordChange(old_password=PASSWORD, new_password="a-brand-new-one-3"), address=HERE
    )
    assert (await core.auth.authenticate(mine.access_token)).user == "1001"
    with pytest.raises(ServiceError):
        await core.auth.authenticate(other.access_token)
    with pytest.raises(ServiceError):
        await _login(core)
    await _login(core, password="a-brand-new-one-3")


async def test_guessing_the_old_password_in_a_stolen_session_locks_AUTH_6(core: Core) -> None:
    await _anna(core)
    who = await core.auth.authenticate((await _login(core)).access_token)
    codes = []
    for _ in range(6):
        with pytest.raises(ServiceError) as caught:
            await core.auth.change_password(
                who, PasswordChange(old_password="wrong", new_password="a-brand-new-one-3"), address=HERE
            )
        codes.append(caught.value.code)
    assert codes[3:] == [ErrorCode.BAD_CREDENTIALS, ErrorCode.LOCKED, ErrorCode.LOCKED]


async def test_a_hash_of_a_former_cost_is_renewed_at_login(core: Core, clock: SettableClock) -> None:
    await _anna(core)
    dearer = core.settings.auth.argon2.model_copy(update={"time_cost": 2})
    settings = core.settings.model_copy(
        update={"auth": core.settings.auth.model_copy(update={"argon2": dearer})}
    )
    async with open_core(settings, clock) as raised:
        await _login(raised)
        await _login(raised)
        async with raised.db.reading() as session:
            account = (await session.scalars(select(AccountRow).where(AccountRow.user == "1001"))).one()
    assert "t=2" in account.password_hash


async def test_no_secret_is_in_the_audit_log_or_in_clear_in_the_database_AUTH_5(
    settings_with: Callable[..., Settings], clock: SettableClock, tmp_path: Path
) -> None:
    from server.core import initialise

    settings = settings_with()
    await initialise(settings, clock, password=ADMIN_PASSWORD)
    async with open_core(settings, clock) as core:
        created = await core.extensions.add(ExtensionCreate(number="1001"), by="test")
        reply = await _login(core, password=created.password or "")
    stored = b"".join(
        path.read_bytes() for path in settings.data.iterdir() if path.name.startswith("linkus.db")
    )
    secrets = (ADMIN_PASSWORD, created.password, created.sip_secret, reply.access_token, reply.refresh_token)
    for secret in secrets:
        assert secret
        assert secret.encode() not in stored
