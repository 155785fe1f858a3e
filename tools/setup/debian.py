"""Debian packages: which are wanted, which are missing, and how to get them."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools.setup.report import SetupError, run_logged, say

LOCK_S = 300
"""Seconds to wait for another program that installs packages, such as the system's own updates."""

Alternatives = tuple[str, ...]
"""Names of which the first that the system knows is taken."""


def read_sections(path: Path) -> dict[str, list[Alternatives]]:
    """Read the package list; see its head for the format.

    Raises:
        SetupError: a package stands before the first section.
    """
    sections: dict[str, list[Alternatives]] = {}
    section: str | None = None
    for raw in path.read_text().splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            sections.setdefault(section, [])
        elif line:
            if section is None:
                raise SetupError(f"{path}: {line!r} stands before the first [section]")
            sections[section].append(tuple(name.strip() for name in line.split("|")))
    return sections


def wanted(sections: Mapping[str, Sequence[Alternatives]], names: Iterable[str]) -> list[Alternatives]:
    """Packages of these sections, each once, in order."""
    return list(dict.fromkeys(package for name in names for package in sections[name]))


def is_debian() -> bool:
    """Whether this system has Debian's package tools."""
    return shutil.which("dpkg-query") is not None and shutil.which("apt-get") is not None


def missing(packages: Iterable[Alternatives]) -> list[Alternatives]:
    """Those of which no alternative is installed."""
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${binary:Package}\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = (line.split() for line in listing.stdout.splitlines())
    installed = {row[1].partition(":")[0] for row in rows if row and row[0] == "installed"}
    return [package for package in packages if not installed.intersection(package)]


def privilege() -> list[str] | None:
    """What to put before `apt-get`: nothing for root, `sudo -n` where that asks no password, else None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        asked = subprocess.run(
            ["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if asked.returncode == 0:
            return ["sudo", "-n"]
    return None


def install(packages: Sequence[Alternatives], *, logs: Path) -> None:
    """Install what is missing with apt-get.

    Raises:
        SetupError: neither root nor sudo without a password, or apt-get failed.
    """
    first = [package[0] for package in packages]
    prefix = privilege()
    if prefix is None:
        raise SetupError(
            "these Debian packages are missing, and neither root nor sudo without a password is there to "
            "install them. Run this once, then `make setup` again:\n\n"
            f"  sudo apt-get install -y --no-install-recommends {' '.join(first)}\n"
        )
    say(f"Installing {len(first)} Debian packages: {' '.join(first)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-o", "Dpkg::Use-Pty=0"]
    apt += ["-o", f"DPkg::Lock::Timeout={LOCK_S}"]
    run_logged([*apt, "update"], log=logs / "apt-update.log", what="Reading the package lists")
    names = [_known(package) for package in packages]
    run_logged(
        [*apt, "install", "--no-install-recommends", *names],
        log=logs / "apt-install.log",
        what="Installing Debian packages",
    )


def _known(package: Alternatives) -> str:
    for name in package[:-1]:
        shown = subprocess.run(
            ["apt-cache", "show", "--no-all-versions", name], capture_output=True, check=False
        )
        if shown.returncode == 0 and shown.stdout:
            return name
    return package[-1]
