"""Secrets of the data folder: the key file, and what is encrypted with it.

A SIP secret must be known in clear to the switch and to the phone, so it cannot be hashed; it is kept
encrypted (Fernet: AES-128-CBC with HMAC-SHA256), and the key lies beside the database, not in it: a copy of
the database alone gives no secret away.
"""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

KEY_NAME = "secrets.key"
CLI_TOKEN_NAME = "cli.token"  # noqa: S105


class VaultError(Exception):
    """A key file is missing, damaged, or not the one that the database was written with."""


class Vault:
    """Encrypts and decrypts with one key."""

    def __init__(self, key: bytes) -> None:
        self._fernet = Fernet(key)

    @classmethod
    def open(cls, data: Path) -> "Vault":
        """The vault of a data folder.

        Raises:
            VaultError: no key file, or not a key in it.
        """
        try:
            return cls(read_secret(data / KEY_NAME).encode())
        except ValueError as error:
            raise VaultError(f"{data / KEY_NAME} is damaged: restore it from a backup.") from error

    def seal(self, secret: str) -> bytes:
        """Encrypt."""
        return self._fernet.encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        """Decrypt.

        Raises:
            VaultError: it was encrypted with another key.
        """
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise VaultError(
                f"A secret in the database was not written with this {KEY_NAME}: "
                "restore the key file that belongs to the database."
            ) from error


def new_password() -> str:
    """A random password that a person can type: five groups of four, about 98 bits."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(5))


def new_sip_secret() -> str:
    """A random SIP digest secret (AUTH-5): 192 bits, safe in every phone's configuration."""
    return secrets.token_urlsafe(24)


def make_keys(data: Path) -> None:
    """Make the key file and the token file of the command line; those that exist are kept."""
    for name, secret in (
        (KEY_NAME, Fernet.generate_key().decode()),
        (CLI_TOKEN_NAME, secrets.token_urlsafe(32)),
    ):
        if not (data / name).exists():
            write_private(data / name, secret.encode() + b"\n")


def read_secret(path: Path) -> str:
    """The one line of a secret file.

    Raises:
        VaultError: it cannot be read.
    """
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(f"{path} cannot be read: {error}") from error


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
