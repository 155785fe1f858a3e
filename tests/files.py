"""Files of a program that is running."""

from pathlib import Path


def content_of(path: Path) -> bytes:
    """What is in it; nothing in one that was there for a moment only, as a journal is."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
