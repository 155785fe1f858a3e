"""An installation of Asterisk: where its parts are and how it is started.

Two kinds: one that the system has (`asterisk` on PATH, version 20 or later), and a private one, Debian
packages unpacked in a folder of our own (`server.switch.asterisk.fetch`). A private one brings its own C
library, so it is started through its own dynamic loader.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.switch.asterisk.modules import MODULES

OLDEST_MAJOR = 20
VERSION_TIMEOUT_S = 10
COMPLETE = "linkus-complete"
"""Name of the file that marks a private installation as whole; it holds the version."""


class InstallationError(Exception):
    """No usable Asterisk. The text is for a person: what is the matter and what to do."""


@dataclass(frozen=True, slots=True)
class Installation:
    """A complete Asterisk.

    Attributes:
        command: how the program is started, without its own arguments.
        version: as it says itself, e.g. `22.10.1`.
        modules: folder of the `.so` files.
        data: folder with `sounds`, `moh`, `documentation` (`astdatadir`).
    """

    command: tuple[str, ...]
    version: str
    modules: Path
    data: Path


def cache_folder() -> Path:
    """Folder for what was fetched: `LINKUS_CACHE`, else `~/.cache/linkus` (XDG_CACHE_HOME is obeyed)."""
    if own := os.environ.get("LINKUS_CACHE"):
        return Path(own)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "linkus"
    return Path.home() / ".cache" / "linkus"


def private_root(cache: Path) -> Path | None:
    """The newest complete private installation in the cache, or None."""
    markers = sorted((cache / "asterisk").glob(f"*/{COMPLETE}"), key=lambda marker: marker.stat().st_mtime)
    return markers[-1].parent if markers else None


def open_private(root: Path) -> Installation:
    """The private installation unpacked at `root`; raises `InstallationError` if parts are missing."""
    program = root / "usr/sbin/asterisk"
    loaders = sorted(root.glob("usr/lib*/ld-linux*.so.*")) + sorted(root.glob("usr/lib/*/ld-linux*.so.*"))
    modules = next(iter(sorted(root.glob("usr/lib/*/asterisk/modules"))), root / "usr/lib/asterisk/modules")
    if not program.is_file() or not loaders or not modules.is_dir():
        raise InstallationError(f"The Asterisk in {root} is incomplete. Delete that folder and start again.")
    libraries = [folder for folder in sorted(root.glob("usr/lib/*-linux-*")) if folder.is_dir()]
    path = ":".join(str(folder) for folder in [*libraries, root / "usr/lib"])
    command = (str(loaders[0]), "--library-path", path, str(program))
    return _checked(command, modules, root / "usr/share/asterisk", f"The Asterisk in {root}")


def open_system(program: Path) -> Installation:
    """An Asterisk that is installed in the usual places around `program` (`<prefix>/sbin/asterisk`)."""
    prefixes = [program.resolve().parent.parent, Path("/usr")]
    for prefix in prefixes:
        folders = [prefix / "lib/asterisk/modules", prefix / "lib64/asterisk/modules"]
        folders += sorted(prefix.glob("lib/*/asterisk/modules"))
        for modules in folders:
            if modules.is_dir():
                datas = [prefix / "share/asterisk", Path("/var/lib/asterisk")]
                data = next((folder for folder in datas if (folder / "sounds").is_dir()), datas[0])
                return _checked((str(program),), modules, data, f"The Asterisk at {program}")
    raise InstallationError(f"The Asterisk at {program} has no folder of modules beside it.")


def open_path(path: Path) -> Installation:
    """What a person named: the program itself, a prefix such as `/opt/asterisk`, or a private root."""
    if path.is_file():
        return open_system(path)
    if (path / COMPLETE).is_file():
        return open_private(path)
    for program in (path / "sbin/asterisk", path / "usr/sbin/asterisk"):
        if program.is_file():
            return open_system(program)
    raise InstallationError(f"There is no Asterisk at {path}. Correct the setting `switch.asterisk`.")


def find_system() -> Installation | None:
    """The system's own Asterisk if it is complete and recent enough, else None."""
    program = shutil.which("asterisk", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    if program is None:
        return None
    try:
        return open_system(Path(program))
    except InstallationError:
        return None


def find(cache: Path | None = None) -> Installation | None:
    """The Asterisk to use without fetching anything: the system's, else the cached private one."""
    if system := find_system():
        return system
    root = private_root(cache or cache_folder())
    return open_private(root) if root else None


def parse_version(text: str) -> str:
    """The number in what `asterisk -V` prints; raises `InstallationError` if there is none."""
    match = re.search(r"Asterisk (\d+\.\d+(?:\.\d+)*)", text)
    if match is None:
        raise InstallationError(f"`asterisk -V` answered {text.strip()[:80]!r} instead of a version.")
    return match.group(1)


def _checked(command: tuple[str, ...], modules: Path, data: Path, what: str) -> Installation:
    missing = [name for name in MODULES if not (modules / f"{name}.so").is_file()]
    if missing:
        raise InstallationError(f"{what} lacks the modules {', '.join(missing[:5])}.")
    try:
        run = subprocess.run(
            [*command, "-V"], capture_output=True, text=True, timeout=VERSION_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallationError(f"{what} cannot be run: {error}.") from error
    version = parse_version(run.stdout + run.stderr)
    if int(version.split(".")[0]) < OLDEST_MAJOR:
        raise InstallationError(f"{what} is version {version}; at least {OLDEST_MAJOR} is needed.")
    return Installation(command=command, version=version, modules=modules, data=data)
