"""Which device is used for what a person chose (SIP-6); no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from linkus_desktop.sip.audio.backend import Device


@dataclass(frozen=True)
class Chosen:
    """The device in use: None if there is none at all. `missing`: the choice is away, this is a stand-in."""

    device: Device | None
    missing: bool


def choose(wanted: bytes | None, present: Sequence[Device]) -> Chosen:
    """The device to use; `present` has the system's default first.

    A choice that is away is not forgotten: the default stands in until the device is back.
    """
    default = present[0] if present else None
    if wanted is None:
        return Chosen(default, missing=False)
    for device in present:
        if device.id == wanted:
            return Chosen(device, missing=False)
    return Chosen(default, missing=True)
