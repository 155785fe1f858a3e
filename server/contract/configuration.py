"""What every object that an administrator configures has in common (ADMIN-2).

An object is named by its key, which is also the last part of its address in the API. It is always given as
a whole. Keys of other objects in it are references, and are checked against what exists.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema, core_schema

from server.contract.base import ExtensionNumber, Request
from server.contract.destinations import Destination


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """Marks a tuple that must not be empty. Pydantic's own mark complains of a wrong only item too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_not_empty, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return handler(schema) | {"minItems": 1}


def _not_empty(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("at least one is needed")
    return values


EXTENSION = "extension"
"""The word of `Reference.kind` for extensions, which are no objects of the configuration."""

ObjectName = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f/.][^\x00-\x1f\x7f/]*$", strip_whitespace=True
    ),
]
"""Name of an object: it is part of an address, so it has no `/` and does not begin with a dot."""

PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+?[0-9*#]{1,32}$")]
"""A number without separators, as `server.rules.numbers.canonical` makes it."""

CallerIdNumber = Annotated[str, StringConstraints(pattern=r"^(\+?[0-9]{1,32})?$")]
"""A number shown to a called party; empty: none is set."""

Position = Annotated[int, Field(ge=0, le=1_000_000)]
"""Place in an order, the lowest first; equal ones go by name."""

ExtensionNumbers = Annotated[tuple[ExtensionNumber, ...], Field(max_length=1000)]

References = Annotated[tuple[ObjectName, ...], Field(max_length=100)]
"""Names of other objects."""


@dataclass(frozen=True, slots=True)
class Reference:
    """That an object needs another one.

    Attributes:
        kind: word of the kind of the other one (`server.contract.kinds`), or `EXTENSION`.
        key: its key.
        field: where it stands in the object.
    """

    kind: str
    key: str
    field: str


class ConfigObject(Request):
    """Base of every object of the configuration.

    `key_field` names the field that is the key. It may be left out of a request whose address has it. Objects
    whose key is `number` share the numbering plan with the extensions: each number belongs to one of them.
    """

    key_field: ClassVar[str] = "name"

    @property
    def key(self) -> str:
        """The name or number by which the object is known."""
        key: str = getattr(self, self.key_field)
        return key

    @property
    def summary(self) -> str:
        """What matters most of it, in one short line for lists."""
        return ""

    def references(self) -> Iterable[Reference]:
        """What must exist for this object to work."""
        return ()

    def destinations(self) -> Iterable[tuple[str, Destination]]:
        """Where it sends calls, with the field that says so."""
        return ()


def _printable(secret: str | None) -> str | None:
    if secret is not None and not secret.isprintable():
        raise ValueError("has a character that nobody can see, such as a no-break space")
    return secret


class SecretConfigObject(ConfigObject):
    """An object with a secret, which is stored encrypted and never shown.

    `secret` is only ever sent to the server: left out or null keeps the stored one, the empty text removes
    it. `secret_set` only comes from the server: whether there is one.
    """

    secret: Annotated[
        str | None,
        Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$", repr=False),
        AfterValidator(_printable),
    ] = None
    secret_set: bool = False
