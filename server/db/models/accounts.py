"""Accounts, extensions, their groups and avatars."""

from datetime import datetime

from sqlalchemy import Enum, ForeignKey, LargeBinary, String, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from server.contract.extensions import Role, SrtpMode
from server.db.base import Base


def _values(enum: type[Role] | type[SrtpMode]) -> list[str]:
    return [member.value for member in enum]


class AccountRow(Base):
    """Somebody who may log in, by `user` or by the e-mail address of the extension.

    `password_hash` is an Argon2id hash in PHC form (AUTH-5).
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(String(63), unique=True)
    role: Mapped[Role] = mapped_column(
        Enum(Role, native_enum=False, length=31, values_callable=_values, create_constraint=False)
    )
    password_hash: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    extension: Mapped["ExtensionRow | None"] = relationship(
        back_populates="account", lazy="joined", cascade="all, delete-orphan", passive_deletes=True
    )


class ExtensionRow(Base):
    """An extension. `email_key` is the address in lower case: logins compare it.

    `sip_secret` is encrypted with the key file of the data folder (`server.services.vault`).
    """

    __tablename__ = "extensions"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), unique=True)
    number: Mapped[str] = mapped_column(String(8), unique=True)
    first_name: Mapped[str] = mapped_column(String(63))
    last_name: Mapped[str] = mapped_column(String(63))
    email: Mapped[str | None] = mapped_column(String(255))
    email_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    mobile: Mapped[str | None] = mapped_column(String(31))
    enabled: Mapped[bool]
    client_enabled: Mapped[bool]
    monitored: Mapped[bool] = mapped_column(server_default=true())
    language: Mapped[str | None] = mapped_column(String(7))
    srtp: Mapped[SrtpMode] = mapped_column(
        Enum(SrtpMode, native_enum=False, length=31, values_callable=_values, create_constraint=False)
    )
    sip_secret: Mapped[bytes] = mapped_column(LargeBinary)
    avatar: Mapped[str | None] = mapped_column(ForeignKey("avatars.hash"))
    created_at: Mapped[datetime]
    account: Mapped[AccountRow] = relationship(back_populates="extension", lazy="joined")
    groups: Mapped[list["ExtensionGroupRow"]] = relationship(
        lazy="selectin",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="ExtensionGroupRow.position",
    )


class ExtensionGroupRow(Base):
    """Membership of an extension in a group; `position` keeps the order in which they were given."""

    __tablename__ = "extension_groups"

    extension_id: Mapped[int] = mapped_column(
        ForeignKey("extensions.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(63), primary_key=True, index=True)
    position: Mapped[int]


class AvatarRow(Base):
    """A picture, kept once however many extensions show it. `hash` is the SHA-256 of `content`."""

    __tablename__ = "avatars"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(31))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
