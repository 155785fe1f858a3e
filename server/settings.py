"""Settings of the server.

Sources, in rising priority: the defaults below, the TOML file (`<data>/linkus.toml`, or the one given by
`--config`), environment variables (`LINKUS_SIP__PORT=5070`), options of the command line.

Port 0 means: pick a free one, and remember it in the data folder.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings.exceptions import SettingsError as UnreadableVariable

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0)]

CONFIG_NAME = "linkus.toml"


class SettingsError(Exception):
    """A setting cannot be used; the message says which one, its value, and what would do."""


def default_data() -> Path:
    """The data folder used when none is named: `$XDG_DATA_HOME/linkus-pbx`."""
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "linkus-pbx"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpSettings(_Section):
    """The API. The certificate made by `init` is used unless other files are named here."""

    host: str = "0.0.0.0"
    port: Port = 8111
    certificate: Path | None = None
    """PEM file: the server's certificate, then any intermediate ones."""
    key: Path | None = None
    """PEM file of its private key, without a passphrase."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("http.certificate and http.key must be set together")
        return self


class SipSettings(_Section):
    """SIP over UDP and TCP, on the same port."""

    host: str = "0.0.0.0"
    port: Port = 5060
    client_transport: Literal["udp", "tcp", "tls"] = "udp"
    """What the desktop client is told to register over; `tls` always where SRTP is mandatory."""
    registration_expires_s: Annotated[int, Field(ge=60, le=86400)] = 120


class SipsSettings(_Section):
    """SIP over TLS."""

    host: str = "0.0.0.0"
    port: Port = 5061


class RtpSettings(_Section):
    """UDP ports of media, both ends included. 0-0: pick a free range of 400."""

    low: Port = 10000
    high: Port = 12000

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low == 0 and self.high == 0:
            return self
        if self.low < 1024 or self.high - self.low < 3:
            raise ValueError(f"{self.low}-{self.high} is not a range of at least four ports above 1023")
        return self


class DatabaseSettings(_Section):
    """Where accounts, extensions and logs are kept."""

    url: str = ""
    """Empty: SQLite in the data folder. Else `postgresql+psycopg://user@host/name` or `sqlite+aiosqlite:///…`."""


class SwitchSettings(_Section):
    """The private Asterisk."""

    ari_port: Port = 0
    asterisk: Path | None = None
    """Folder of an installation; None: the one on PATH, else one is fetched."""
    external_media_address: str | None = None
    """The address phones outside the LAN see, behind NAT."""


class CallSettings(_Section):
    """Calls between extensions."""

    ring_timeout_s: Annotated[float, Field(ge=5, le=300)] = 30.0
    per_extension: Annotated[int, Field(ge=1, le=10_000)] = 8
    """Calls that one extension may make at once, over all its phones; a further one gets 503."""


class Argon2Settings(_Section):
    """Cost of a password hash (RFC 9106). Tests set it low."""

    time_cost: Annotated[int, Field(ge=1, le=20)] = 3
    memory_kib: Annotated[int, Field(ge=8, le=1 << 20)] = 65536
    parallelism: Annotated[int, Field(ge=1, le=16)] = 1


class AuthSettings(_Section):
    """Sessions, lock-out and rate limits (AUTH-6, AUTH-7)."""

    tries: Annotated[int, Field(ge=1, le=100)] = 5
    """Wrong passwords after which an account is locked."""
    lock_s: Seconds = 60.0
    """The first lock; each further one is twice as long."""
    lock_max_s: Seconds = 900.0
    address_tries: Annotated[int, Field(ge=1)] = 30
    """Wrong passwords from one address, for any account, within `address_window_s`."""
    address_window_s: Seconds = 300.0
    forget_s: Seconds = 86400.0
    """Failures older than this count no more."""
    access_ttl_s: Seconds = 900.0
    refresh_ttl_s: Seconds = 30 * 86400.0
    argon2: Argon2Settings = Argon2Settings()


class GuardSettings(_Section):
    """How many refused SIP requests an address may cause before it is blocked."""

    tries: Annotated[int, Field(ge=1)] = 10
    """Refusals (wrong secret, unknown user) from one address within `window_s`."""
    window_s: Seconds = 60.0
    block_s: Seconds = 300.0
    """The first block; each further one is twice as long, up to `block_max_s`."""
    block_max_s: Seconds = 86400.0
    allow: tuple[str, ...] = ()
    """Addresses or networks (`192.168.1.0/24`) that are never blocked."""
    spare_loopback: bool = True
    """Never block this machine: all phones on it share one address."""


Days = Annotated[int, Field(ge=0, le=36500)]


class RetentionSettings(_Section):
    """Days after which calls, audit entries and recordings are deleted; 0: never."""

    calls_days: Days = 0
    audit_days: Days = 0
    recordings_days: Days = 0


class LogSettings(_Section):
    """The server's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """All settings of one server. Use `load` to read file, environment and options."""

    model_config = SettingsConfigDict(
        env_prefix="LINKUS_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Field(default_factory=default_data)
    name: str = Field("Linkus PBX", min_length=1, max_length=63)
    """What users see as the name of the server."""
    http: HttpSettings = HttpSettings()
    sip: SipSettings = SipSettings()
    sips: SipsSettings = SipsSettings()
    rtp: RtpSettings = RtpSettings()
    database: DatabaseSettings = DatabaseSettings()
    switch: SwitchSettings = SwitchSettings()
    calls: CallSettings = CallSettings()
    auth: AuthSettings = AuthSettings()
    guard: GuardSettings = GuardSettings()
    retention: RetentionSettings = RetentionSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _absolute(self) -> Self:
        object.__setattr__(self, "data", self.data.expanduser().resolve())
        return self

    @property
    def database_url(self) -> str:
        """The database to open: the configured one, or SQLite in the data folder."""
        return self.database.url or f"sqlite+aiosqlite:///{self.data / 'linkus.db'}"

    @property
    def switch_folder(self) -> Path:
        """Where the private Asterisk has its files."""
        return self.data / "asterisk"

    @property
    def spool(self) -> Path:
        """Where it puts what it records: `EngineConfig.recordings`, without loading the engine's packages."""
        return self.switch_folder / "spool" / "recording"

    @property
    def certificate(self) -> Path:
        """PEM file of the certificate in use."""
        return self.http.certificate or self.data / "tls" / "certificate.pem"

    @property
    def key(self) -> Path:
        """PEM file of the private key in use."""
        return self.http.key or self.data / "tls" / "key.pem"


def load(
    data: Path | None = None, *, config: Path | None = None, options: dict[str, Any] | None = None
) -> Settings:
    """Settings from every source; `options` (nested as the sections are) come from the command line.

    Raises:
        SettingsError: unreadable file, unknown name or unusable value.
    """
    options = dict(options or {})
    if data is not None:
        options["data"] = data
    folder = Path(options.get("data") or os.environ.get("LINKUS_DATA") or default_data()).expanduser()
    file = _read_toml(config, required=True) if config else _read_toml(folder / CONFIG_NAME, required=False)

    class _FromEverywhere(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=file)

    try:
        return _FromEverywhere(**options)
    except ValidationError as error:
        raise SettingsError(_explain(error)) from error
    except UnreadableVariable as error:
        # A variable that names a whole section (LINKUS_LOG) must hold JSON; its value is not repeated.
        raise SettingsError(
            f"{error}: it is the variable of a whole section. Set LINKUS_<SECTION>__<NAME> for one setting."
        ) from error


def _read_toml(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError as error:
        if required:
            raise SettingsError(f"There is no settings file {path}.") from error
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {path} cannot be read: {error}") from error


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False):
        name = ".".join(str(part) for part in problem["loc"]) or "settings"
        text = str(problem["msg"]).removeprefix("Value error, ")
        value = (
            "" if name.startswith("database") else f" cannot be {problem['input']!r}"
        )  # it may hold a password
        lines.append(f"Setting {name}{value}: {text}" if problem["loc"] else text)
    return "\n".join(lines)
