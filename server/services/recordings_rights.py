"""What extensions may do with the recordings of their calls, as of now (SIP-5, LOG-1)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from server.contract.recording import RecordingPermission, RecordingRight
from server.rules.recording import permissions_of
from server.services.directory import Directory


@dataclass(frozen=True, slots=True)
class RecordingRights:
    """Looks the permissions of an extension up; `rights` gives those that are configured, as of now."""

    directory: Directory
    rights: Callable[[], Iterable[RecordingRight]]

    def of(self, number: str) -> frozenset[RecordingPermission]:
        """The permissions of an enabled extension; none for any other."""
        extension = self.directory.get(number)
        return permissions_of(self.rights(), extension) if extension is not None else frozenset()
