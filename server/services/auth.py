"""Login, refresh, log-out and change of password (AUTH-1, 3, 5, 6, 7)."""

import hmac
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

import server
from server.clock import Clock
from server.contract.auth import ClientInfo, LoginReply, LoginRequest, Me, PasswordChange, SipAccount, Tokens
from server.contract.errors import ErrorCode
from server.contract.extensions import Extension, Role, SrtpMode
from server.contract.features import FeatureCodes
from server.contract.login_links import LinkLogin, LinkLoginReply
from server.db.base import Database
from server.db.models import AccountRow, ExtensionRow, LoginLinkRow
from server.services.accounts import LOCAL, LOCAL_SESSION, Who
from server.services.audit import Audit
from server.services.errors import AuthError, not_found
from server.services.extensions_rows import endpoint_of, extension_of
from server.services.login_links import token_hash
from server.services.mail_preferences import PersonalMail
from server.services.passwords import Passwords, check_strength
from server.services.sessions import Sessions
from server.services.throttle import Attempt, Throttle, account_key, unknown_key
from server.services.vault import Vault, new_password
from server.settings import Settings
from server.switch.port import REALM

CODECS = ("G722", "PCMA", "PCMU")

UNKNOWN_USER = "(unknown user)"
"""Stands in records for a user that does not exist: people type passwords into that field."""

USED_LINK = "This login link was used already, or is too old. Ask your administrator for another one."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Try:
    """A counted try to log in: the account it is for (None: no such user), and its hash at that moment."""

    attempt: Attempt
    account_id: int | None
    password_hash: str | None


class Auth:
    """Who is it, and may they come in.

    Attributes:
        counts: logins since the start, by outcome: `succeeded`, `refused`, `locked`, `rate_limited`.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        audit: Audit,
        settings: Settings,
        local_token: str,
        feature_codes: Callable[[], FeatureCodes] = FeatureCodes,
        permissions: Callable[[Extension], Iterable[str]] = lambda _: (),
        emergency_numbers: Callable[[], Iterable[str]] = tuple,
        personal_mail: PersonalMail | None = None,
    ) -> None:
        """`local_token` is the command line's; what is callable gives its answer as of now."""
        self._db = db
        self._clock = clock
        self._vault = vault
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._audit = audit
        self._settings = settings
        self._local_token = local_token
        self._feature_codes = feature_codes
        self._permissions = permissions
        self._emergency_numbers = emergency_numbers
        self._personal_mail = personal_mail
        self.counts: Counter[str] = Counter()

    def observe_ended(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call back with the id of every session that has ended; the returned function ends that."""
        return self._sessions.observe_ended(callback)

    async def authenticate(self, access_token: str) -> Who:
        """Whose token this is; the token file's holder is `accounts.LOCAL`.

        Raises:
            AuthError: `UNAUTHENTICATED`.
        """
        if hmac.compare_digest(access_token.encode(), self._local_token.encode()):
            return LOCAL
        return await self._sessions.authenticate(access_token)

    async def login(self, request: LoginRequest, *, address: str) -> LoginReply:
        """Check a password and open a session.

        Raises:
            AuthError: `BAD_CREDENTIALS`, `LOCKED`, `RATE_LIMITED`, `CLIENT_DISABLED`, `FORBIDDEN`.
        """
        user = request.user.casefold()
        try:
            async with self._db.session() as session:
                account = await self._find(session, user)
                tried = await self._begin(session, account, user, address)
        except AuthError as error:
            self.counts[error.code.value] += 1
            raise
        right = await self._passwords.verify(tried.password_hash, request.password)
        if not right or tried.account_id is None:
            raise await self._refused(tried, user, address)
        rehash = None
        if self._passwords.outdated(tried.password_hash or ""):
            rehash = await self._passwords.hash(request.password)
        async with self._db.session() as session:
            account = await session.get(AccountRow, tried.account_id)
            if account is None or account.password_hash != tried.password_hash:
                raise _bad_credentials()  # removed or changed in this very moment
            await self._throttle.succeeded(session, tried.attempt)
            if rehash is not None:
                account.password_hash = rehash
            refusal = _refusal(account)
            if refusal is None:
                reply, ended = await self._open(session, account, request.client, address)
        if refusal is not None:  # only now: what was counted must be taken back all the same
            raise refusal
        self._sessions.announce_ended(ended)
        self.counts["succeeded"] += 1
        return reply

    async def login_by_link(self, request: LinkLogin, *, address: str) -> LinkLoginReply:
        """Let in who has the token of a login link, which works once (AUTH-2).

        The account gets a new password, which is in the answer: whoever needs a link has none, or has
        forgotten it. All sessions of before end, a lock is lifted.

        Raises:
            AuthError: `BAD_CREDENTIALS`: used, too old, or none at all; and what `login` raises.
        """
        hashed = token_hash(request.token)
        async with self._db.session() as session:
            attempt = await self._throttle.begin(session, key=unknown_key(hashed), address=address)
            found = await session.get(LoginLinkRow, hashed)
            known = found is not None and found.expires_at > self._clock.now()
        if not known:
            self.counts["refused"] += 1
            _log.info("A login link of no use from %s", address)
            raise _bad_credentials(USED_LINK)
        password = new_password()
        password_hash = await self._passwords.hash(password)
        async with self._db.session() as session:
            link = await session.get(LoginLinkRow, hashed, with_for_update=True)
            account = await session.get(AccountRow, link.account_id) if link is not None else None
            if link is None or account is None:
                raise _bad_credentials(USED_LINK)  # somebody else was faster
            await self._throttle.succeeded(session, attempt)
            refusal = _refusal(account)
            if refusal is None:
                await session.delete(link)
                account.password_hash = password_hash
                await self._throttle.unlock(session, account.id)
                ended = await self._sessions.end_all(session, account.id)
                self._audit.record(
                    session, "password.link", actor=account.user, subject=account.user, address=address
                )
                await self._tell_of_password(session, account, by=account.user, address=address)
                reply, more = await self._open(session, account, request.client, address)
        if refusal is not None:
            raise refusal
        self._sessions.announce_ended([*ended, *more])
        self.counts["succeeded"] += 1
        return LinkLoginReply(**dict(reply), password=password)

    async def _tell_of_password(
        self, session: AsyncSession, account: AccountRow, *, by: str, address: str
    ) -> None:
        if self._personal_mail is not None and account.extension is not None:
            email = account.extension.email
            await self._personal_mail.password_changed(
                session, account.extension, email, by=by, address=address
            )

    async def refresh(self, refresh_token: str, *, address: str) -> Tokens:
        """New tokens for a refresh token, which works once.

        Raises:
            AuthError: `UNAUTHENTICATED`.
        """
        return (await self._sessions.refresh(refresh_token, address=address)).tokens

    async def logout(self, who: Who, *, address: str = "") -> None:
        """End the session in which this is asked; open WebSockets of it end too."""
        if who.session_id == LOCAL_SESSION:
            return
        async with self._db.session() as session:
            ended = await self._sessions.end(session, who.session_id)
            self._audit.record(session, "logout", actor=who.user, subject=who.user, address=address)
        self._sessions.announce_ended(ended)

    async def change_password(self, who: Who, change: PasswordChange, *, address: str) -> None:
        """Change the own password; every other session of the account ends (AUTH-5).

        Raises:
            ServiceError: `BAD_CREDENTIALS` (old one wrong), `LOCKED`, `RATE_LIMITED`, `WEAK_PASSWORD`.
        """
        if who.session_id == LOCAL_SESSION:
            raise AuthError(ErrorCode.FORBIDDEN, "The local command line has no password of its own.")
        async with self._db.session() as session:
            account = await session.get(AccountRow, who.account_id)
            if account is None:
                raise not_found("such account any more")
            email = account.extension.email if account.extension else None
            tried = await self._begin(session, account, account.user, address)
        if not await self._passwords.verify(tried.password_hash, change.old_password):
            raise await self._refused(tried, who.user, address, "The old password is wrong.")
        async with self._db.session() as session:
            await self._throttle.succeeded(session, tried.attempt)
        names = (who.user, email.partition("@")[0], email) if email else (who.user,)
        check_strength(change.new_password, names=names, field="new_password")
        if hmac.compare_digest(change.new_password.encode(), change.old_password.encode()):
            raise AuthError(ErrorCode.WEAK_PASSWORD, "The new password is the old one: choose another.")
        hashed = await self._passwords.hash(change.new_password)
        async with self._db.session() as session:
            account = await session.get(AccountRow, who.account_id)
            if account is None or account.password_hash != tried.password_hash:
                raise AuthError(ErrorCode.CONFLICT, "The password was changed elsewhere in this moment.")
            account.password_hash = hashed
            await self._tell_of_password(session, account, by=who.user, address=address)
            ended = await self._sessions.end_all(session, who.account_id, but=who.session_id)
            self._audit.record(session, "password.change", actor=who.user, subject=who.user, address=address)
        self._sessions.announce_ended(ended)

    async def me(self, who: Who) -> Me:
        """Who is logged in, as of now."""
        if who.session_id == LOCAL_SESSION:
            return self.account_of(who.user, who.role, None)
        async with self._db.reading() as session:
            account = await session.get(AccountRow, who.account_id)
            if account is None:
                raise AuthError(ErrorCode.UNAUTHENTICATED, "The session has ended: log in again.")
            return self._me(account)

    def account_of(self, user: str, role: Role, extension: Extension | None) -> Me:
        """The account as its owner sees it."""
        return Me(
            user=user,
            role=role,
            extension=extension,
            permissions=[
                *(["administration"] if role is Role.ADMINISTRATOR else []),
                *(self._permissions(extension) if extension is not None else ()),
            ],
            feature_codes=self._feature_codes().by_name(),
            emergency_numbers=list(self._emergency_numbers()),
        )

    async def sweep(self) -> None:
        """Housekeeping: end what is over, forget what no longer counts."""
        await self._sessions.sweep()
        async with self._db.session() as session:
            await self._throttle.prune(session)

    def _me(self, account: AccountRow) -> Me:
        extension = extension_of(account.extension) if account.extension else None
        return self.account_of(account.user, account.role, extension)

    async def _find(self, session: AsyncSession, user: str) -> AccountRow | None:
        rows = await session.scalars(
            select(AccountRow)
            .outerjoin(ExtensionRow, ExtensionRow.account_id == AccountRow.id)
            .where(or_(AccountRow.user == user, ExtensionRow.email_key == user))
        )
        return rows.unique().first()

    async def _begin(
        self, session: AsyncSession, account: AccountRow | None, user: str, address: str
    ) -> _Try:
        if account is None:
            attempt = await self._throttle.begin(session, key=unknown_key(user), address=address)
            return _Try(attempt, None, None)
        trusted = await self._sessions.has_address(session, account.id, address)
        key = account_key(account.id, trusted_address=address if trusted else None)
        attempt = await self._throttle.begin(session, key=key, address=address)
        return _Try(attempt, account.id, account.password_hash)

    async def _refused(self, tried: _Try, user: str, address: str, text: str | None = None) -> AuthError:
        """The answer to a wrong password; the one that locks the account says so, and is recorded."""
        self.counts["refused"] += 1
        _log.info("Wrong password from %s", address)
        if tried.attempt.locked_until is None:
            return _bad_credentials(text)
        if tried.account_id is None:
            user = UNKNOWN_USER
        async with self._db.session() as session:
            self._audit.record(
                session,
                "login.locked",
                actor=user,
                subject=user,
                address=address,
                until=tried.attempt.locked_until.isoformat(),
            )
        return self._throttle.locked(tried.attempt.locked_until)

    async def _open(
        self, session: AsyncSession, account: AccountRow, client: ClientInfo, address: str
    ) -> tuple[LoginReply, list[str]]:
        """A new session, and the ids of those that had to go for it."""
        tokens, ended = await self._sessions.create(session, account.id, client, address)
        self._audit.record(
            session,
            "login",
            actor=account.user,
            subject=account.user,
            address=address,
            client=client.kind,
            host=client.host,
        )
        reply = LoginReply(
            **dict(tokens),
            me=self._me(account),
            sip=self._sip_account(account.extension) if account.extension else None,
            server_name=self._settings.name,
            server_version=server.__version__,
        )
        return reply, ended

    def _sip_account(self, row: ExtensionRow) -> SipAccount:
        endpoint = endpoint_of(row, self._vault)
        sip = self._settings.sip
        return SipAccount(
            username=endpoint.number,
            password=endpoint.secret,
            realm=REALM,
            display_name=endpoint.display_name,
            host=None,
            udp_port=sip.port,
            tcp_port=sip.port,
            tls_port=self._settings.sips.port,
            transport="tls" if row.srtp is SrtpMode.MANDATORY else sip.client_transport,
            srtp=row.srtp,
            codecs=list(CODECS),
            expires_s=sip.registration_expires_s,
        )


def _refusal(account: AccountRow) -> AuthError | None:
    """Why somebody with the right password may still not come in (AUTH-2, AUTH-7)."""
    extension = account.extension
    if extension is None or (extension.enabled and extension.client_enabled):
        return None
    if not extension.enabled:
        return AuthError(
            ErrorCode.FORBIDDEN, f"Extension {extension.number} is disabled: ask the administrator."
        )
    return AuthError(
        ErrorCode.CLIENT_DISABLED,
        f"Extension {extension.number} may not use the desktop client: ask the administrator.",
    )


def _bad_credentials(text: str | None = None) -> AuthError:
    return AuthError(
        ErrorCode.BAD_CREDENTIALS, text or "The user or the password is wrong: check both and try again."
    )
