"""Between rows of the database and extensions of the contract."""

from datetime import datetime

from server.contract.extensions import Extension
from server.db.models import ExtensionGroupRow, ExtensionRow
from server.services.vault import Vault
from server.switch.port import SipEndpoint


def extension_of(row: ExtensionRow, locked_until: datetime | None = None) -> Extension:
    """The extension as the API shows it."""
    return Extension(
        number=row.number,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        mobile=row.mobile,
        groups=[group.name for group in row.groups],
        enabled=row.enabled,
        client_enabled=row.client_enabled,
        monitored=row.monitored,
        language=row.language,
        srtp=row.srtp,
        avatar=row.avatar,
        locked_until=locked_until,
        created_at=row.created_at,
    )


def endpoint_of(row: ExtensionRow, vault: Vault) -> SipEndpoint:
    """The extension as the switch must know it."""
    name = f"{row.first_name} {row.last_name}".strip() or row.number
    return SipEndpoint(
        number=row.number, secret=vault.unseal(row.sip_secret), display_name=name, srtp=row.srtp
    )


def email_key(email: str | None) -> str | None:
    """The form in which addresses are compared."""
    return email.casefold() if email else None


def set_groups(row: ExtensionRow, names: list[str]) -> None:
    """Make these the groups of the extension, in this order, each once."""
    known = {group.name: group for group in row.groups}
    row.groups = [
        known.get(name) or ExtensionGroupRow(name=name, position=0) for name in dict.fromkeys(names)
    ]
    for position, group in enumerate(row.groups):
        group.position = position
