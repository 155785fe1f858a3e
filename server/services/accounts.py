"""Accounts: who may log in, and under which name."""

from dataclasses import dataclass

from server.contract.extensions import Role

ADMINISTRATOR = "admin"
"""The login name of the administrator that `linkus-pbx init` makes."""

LOCAL_SESSION = "local"
"""`Who.session_id` of the local command line, which has no session."""


@dataclass(frozen=True, slots=True)
class Who:
    """The authenticated author of a request.

    Attributes:
        account_id: key of the account; 0 for the local command line.
        user: login name: the extension number, `admin`, or `local` for the command line.
        number: the account's extension, None for an account without a phone.
        role: what it may do.
        session_id: the session the request came in; ended sessions are told by `Auth.observe_ended`.
    """

    account_id: int
    user: str
    number: str | None
    role: Role
    session_id: str

    @property
    def is_administrator(self) -> bool:
        """True if everything is allowed."""
        return self.role is Role.ADMINISTRATOR


LOCAL = Who(account_id=0, user="local", number=None, role=Role.ADMINISTRATOR, session_id=LOCAL_SESSION)
"""Who holds the token file of the data folder."""
