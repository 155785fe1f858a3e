"""Conference rooms on the server: whoever dials the room's number talks with all who are there (SIP-4)."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from server.contract.base import ExtensionNumber, Line
from server.contract.configuration import SecretConfigObject

MAX_MEMBERS = 50


def _of_a_length(pin: str | None) -> str | None:
    if pin and not 3 <= len(pin) <= 15:
        raise ValueError("a PIN has 3 to 15 digits")
    return pin


class Conference(SecretConfigObject):
    """A room. Its `secret` is the PIN that everybody is asked for, 3 to 15 digits; without one nobody is."""

    key_field: ClassVar[str] = "number"

    number: ExtensionNumber = ""
    name: Annotated[Line, Field(max_length=63)] = ""
    max_members: Annotated[int, Field(ge=2, le=MAX_MEMBERS)] = 20
    secret: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{0,15}$")] | None,
        Field(repr=False),
        AfterValidator(_of_a_length),
    ] = None

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        locked = ", with a PIN" if self.secret_set else ""
        return f"{self.name}: {self.max_members} at most{locked}".removeprefix(": ")
