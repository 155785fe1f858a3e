"""Objects of the configuration that are about some extensions, or all of them."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import Field, model_validator

from server.contract.base import GroupName
from server.contract.configuration import EXTENSION, ConfigObject, ExtensionNumbers, ObjectName, Reference


class AboutExtensions(ConfigObject):
    """An object about `everybody`, `extensions`, and members of `groups`."""

    name: ObjectName = ""
    everybody: bool = False
    extensions: ExtensionNumbers = ()
    groups: Annotated[tuple[GroupName, ...], Field(max_length=100)] = ()

    @model_validator(mode="after")
    def _is_about_somebody(self) -> Self:
        if not (self.everybody or self.extensions or self.groups):
            raise ValueError("it is about nobody: give extensions, groups, or everybody = true")
        return self

    def covers(self, number: str, groups: Iterable[str]) -> bool:
        """Whether it is about this extension, which is in these groups."""
        return self.everybody or number in self.extensions or not set(self.groups).isdisjoint(groups)

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`. Groups exist by their members only, so they are none."""
        yield from (Reference(EXTENSION, number, "extensions") for number in self.extensions)

    @property
    def about(self) -> str:
        """Whom it is about, in words."""
        return "everybody" if self.everybody else ", ".join((*self.extensions, *self.groups))
