"""Who may open and close a time condition by hand, from any phone (CODE-1)."""

from collections.abc import Iterable
from typing import Annotated, ClassVar, Self

from pydantic import Field, StringConstraints, model_validator

from server.contract.base import GroupName
from server.contract.configuration import EXTENSION, ConfigObject, ExtensionNumbers, ObjectName, Reference

SwitchDigits = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")]
"""What is dialled behind the code to mean this switch."""


class TimeSwitch(ConfigObject):
    """`everybody`, `extensions`, and members of `groups` may switch `time_condition` by the feature code."""

    key_field: ClassVar[str] = "digits"

    digits: SwitchDigits = ""
    time_condition: ObjectName
    everybody: bool = False
    extensions: ExtensionNumbers = ()
    groups: Annotated[tuple[GroupName, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _is_for_somebody(self) -> Self:
        if not (self.everybody or self.extensions or self.groups):
            raise ValueError("nobody may use it: give extensions, groups, or everybody = true")
        return self

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`. Groups exist by their members only, so they are none."""
        yield Reference("time-condition", self.time_condition, "time_condition")
        yield from (Reference(EXTENSION, number, "extensions") for number in self.extensions)

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        who = "everybody" if self.everybody else ", ".join((*self.extensions, *self.groups))
        return f"{self.time_condition}: {who}"
