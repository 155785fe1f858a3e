"""The way back in when the administrator's password is lost: from the server's own machine."""

from sqlalchemy import select

from server.contract.auth import AdministratorPassword
from server.db.base import Database
from server.db.models import AccountRow
from server.services.accounts import ADMINISTRATOR
from server.services.audit import Audit
from server.services.errors import not_found
from server.services.passwords import Passwords, check_strength
from server.services.sessions import Sessions
from server.services.throttle import Throttle
from server.services.vault import new_password


class AdministratorReset:
    """Sets the administrator's password without the old one. Who may ask for it, the caller has checked."""

    def __init__(
        self, *, db: Database, passwords: Passwords, sessions: Sessions, throttle: Throttle, audit: Audit
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._audit = audit

    async def reset(self, password: str | None, *, by: str, address: str = "") -> AdministratorPassword:
        """Set a password (None: one is made, and returned this once), end all sessions, lift any lock.

        Raises:
            ServiceError: `WEAK_PASSWORD`; `NOT_FOUND`: `init` was not finished.
        """
        if password is not None:
            check_strength(password, names=(ADMINISTRATOR,))
        made = new_password() if password is None else None
        hashed = await self._passwords.hash(password or made or "")
        async with self._db.session() as session:
            account = await session.scalar(select(AccountRow).where(AccountRow.user == ADMINISTRATOR))
            if account is None:
                raise not_found("administrator: run `linkus-pbx init`")
            account.password_hash = hashed
            ended = await self._sessions.end_all(session, account.id)
            await self._throttle.unlock(session, account.id)
            self._audit.record(session, "password.reset", actor=by, subject=ADMINISTRATOR, address=address)
        self._sessions.announce_ended(ended)
        return AdministratorPassword(user=ADMINISTRATOR, password=made)
