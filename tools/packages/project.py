"""Facts about the project that packages repeat, and the places they are built in."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
WORK = ROOT / "build" / "packages"
LOGS = WORK / "logs"
NAME = "linkus-desktop"


def metadata() -> dict[str, str]:
    """Version and description, as `pyproject.toml` has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"version": project["version"], "description": project["description"]}


def folder_bytes(folder: Path) -> int:
    """Bytes of all files in a folder, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir() or path.is_symlink())


def megabytes(size: int) -> str:
    """A size as people read it."""
    return f"{size / 1e6:.0f} MB"
