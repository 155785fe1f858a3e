"""The configuration as calls see it: immutable, complete, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from types import MappingProxyType
from typing import TypeVar, cast

from server.contract.configuration import ConfigObject
from server.contract.features import FeatureCodes
from server.contract.parking import Parking
from server.contract.routing import SystemSettings
from server.rules.hours import zone_named

O = TypeVar("O", bound=ConfigObject)  # noqa: E741


@dataclass(frozen=True)
class Snapshot:
    """Every object of the configuration at one moment. Make it with `snapshot_of`.

    Attributes:
        system: the settings of the whole system.
        zone: its time zone; None if the machine does not know that any more.
        codes: the feature codes.
        parking: the parking slots.
    """

    _objects: Mapping[type[ConfigObject], Mapping[str, ConfigObject]]
    system: SystemSettings
    zone: tzinfo | None
    codes: FeatureCodes
    parking: Parking

    def all(self, model: type[O]) -> Mapping[str, O]:
        """The objects of a kind by key, in their order: by position where they have one, then by key."""
        return cast("Mapping[str, O]", self._objects.get(model, {}))

    def get(self, model: type[O], key: str) -> O | None:
        """One object; None if there is no such one."""
        return self.all(model).get(key)


def snapshot_of(objects: Iterable[ConfigObject]) -> Snapshot:
    """The snapshot of these objects, without any it has defaults only. The last one with a key counts."""
    by_kind: dict[type[ConfigObject], dict[str, ConfigObject]] = {}
    for item in sorted(objects, key=_place):
        by_kind.setdefault(type(item), {})[item.key] = item
    system = _only(SystemSettings, by_kind)
    return Snapshot(
        MappingProxyType({kind: MappingProxyType(known) for kind, known in by_kind.items()}),
        system,
        zone_named(system.time_zone),
        _only(FeatureCodes, by_kind),
        _only(Parking, by_kind),
    )


def _place(item: ConfigObject) -> tuple[int, str]:
    position = getattr(item, "position", 0)
    return position if isinstance(position, int) else 0, item.key  # that of a queue is an announcement


def _only(model: type[O], by_kind: Mapping[type[ConfigObject], Mapping[str, ConfigObject]]) -> O:
    """The object of a kind that has only one; with its default values if it was never changed."""
    return next((item for item in by_kind.get(model, {}).values() if isinstance(item, model)), model())
