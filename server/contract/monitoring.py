"""Who may listen to whose calls, whisper and barge in (WALL-3)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from server.contract.base import GroupName
from server.contract.configuration import (
    EXTENSION,
    AtLeastOne,
    ConfigObject,
    ExtensionNumbers,
    ObjectName,
    Reference,
)


class MonitoringMode(StrEnum):
    """What is done with the call of somebody else."""

    LISTEN = "listen"
    """Hear both, heard by nobody."""
    WHISPER = "whisper"
    """Heard by the one whose call it is, and not by the other."""
    BARGE = "barge"
    """Heard by both."""


class MonitoringRight(ConfigObject):
    """What `supervisors` may do with calls of `everybody`, of `extensions`, and of members of `groups`."""

    name: ObjectName = ""
    supervisors: Annotated[ExtensionNumbers, AtLeastOne()]
    everybody: bool = False
    extensions: ExtensionNumbers = ()
    groups: Annotated[tuple[GroupName, ...], Field(max_length=100)] = ()
    modes: Annotated[tuple[MonitoringMode, ...], Field(max_length=3), AtLeastOne()] = tuple(MonitoringMode)

    @model_validator(mode="after")
    def _is_about_somebody(self) -> Self:
        if not (self.everybody or self.extensions or self.groups):
            raise ValueError("it is about nobody: give extensions, groups, or everybody = true")
        return self

    def references(self) -> Iterable[Reference]:
        """See `ConfigObject.references`. Groups exist by their members only, so they are none."""
        yield from (Reference(EXTENSION, number, "supervisors") for number in self.supervisors)
        yield from (Reference(EXTENSION, number, "extensions") for number in self.extensions)

    @property
    def summary(self) -> str:
        """See `ConfigObject.summary`."""
        about = "everybody" if self.everybody else ", ".join((*self.extensions, *self.groups))
        return f"{', '.join(self.supervisors)} may {', '.join(self.modes)}: {about}"
