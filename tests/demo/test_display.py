"""The virtual display lets in only who can read its key."""

import struct
from pathlib import Path

from demo.display import write_authority


def test_the_key_file_is_for_its_owner_and_holds_one_key_for_any_display(tmp_path: Path) -> None:
    """The format of Xauthority: family, address, display number, kind, key."""
    path = tmp_path / "Xauthority"

    write_authority(path, b"0123456789abcdef")

    assert path.stat().st_mode & 0o777 == 0o600
    data = path.read_bytes()
    assert struct.unpack(">HHH", data[:6]) == (0xFFFF, 0, 0)
    assert data[6:] == b"\x00\x12MIT-MAGIC-COOKIE-1\x00\x100123456789abcdef"
