"""The virtual environment `.venv`: which Python makes it, what is installed in it, when to do it again."""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.setup.report import SetupError, run_logged, say

VERSIONS = ((3, 11), (3, 12))
"""Pythons the project runs on: the wheels of PJSIP exist for these."""
EXTRAS = "server,client,test,package"
PROBE = (
    "import json, sys\n"
    "try:\n"
    "    import ensurepip, venv\n"
    "    complete = True\n"
    "except ImportError:\n"
    "    complete = False\n"
    "print(json.dumps([sys.version_info[0], sys.version_info[1], complete, sys.executable]))\n"
)


@dataclass(frozen=True)
class Python:
    """A usable interpreter; `complete` is False where Debian's venv package is missing."""

    path: str
    version: tuple[int, int]
    complete: bool


def find_python() -> Python:
    """The interpreter for `.venv`: 3.11 before 3.12, a complete one before one without venv.

    Raises:
        SetupError: there is none.
    """
    found = [python for name in _candidates() if (python := probe(name)) and python.version in VERSIONS]
    if not found:
        raise SetupError(
            "Python 3.11 or 3.12 is needed and neither is on PATH. On Debian 12: "
            "sudo apt-get install -y python3 python3-venv"
        )
    return min(found, key=lambda python: (not python.complete, python.version))


def _candidates() -> Iterator[str]:
    yield "/usr/bin/python3.11"
    for major, minor in VERSIONS:
        yield f"python{major}.{minor}"
    yield sys.executable
    yield "python3"


def probe(name: str) -> Python | None:
    """What kind of Python `name` is; None if it does not run (a shim without a version, say)."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        answer = subprocess.run([path, "-c", PROBE], capture_output=True, text=True, check=False, timeout=20)
        major, minor, complete, executable = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Python(executable, (major, minor), complete)


@dataclass(frozen=True)
class Environment:
    """`.venv` of a checkout.

    Attributes:
        root: the checkout.
    """

    root: Path

    @property
    def folder(self) -> Path:
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def constraints(self) -> Path:
        """Exact versions of everything that is installed."""
        return self.root / "constraints" / "all.txt"

    @property
    def _stamp(self) -> Path:
        return self.folder / "linkus-setup.sha256"

    def wanted(self) -> str:
        """A fingerprint of all that decides what `.venv` holds, the place of the checkout included."""
        digest = hashlib.sha256(f"1 {self.root} {EXTRAS}".encode())
        for path in (self.root / "pyproject.toml", self.constraints):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_current(self) -> bool:
        """Whether `.venv` is there, complete, and made from what the checkout says now."""
        return (
            self._stamp.is_file()
            and self.python.exists()
            and self._stamp.read_text().strip() == self.wanted()
        )

    def make(self, python: Python, *, logs: Path) -> None:
        """Make `.venv`, or bring it up to date.

        Raises:
            SetupError: venv or pip failed.
        """
        self._stamp.unlink(missing_ok=True)
        have = probe(str(self.python)) if self.python.exists() else None
        if have is None or not self._here():
            say(f"Making .venv with Python {python.version[0]}.{python.version[1]} ({python.path})")
            command = [python.path, "-m", "venv", "--clear", str(self.folder)]
            run_logged(command, log=logs / "venv.log", what="Making .venv")
        say("Installing the Python packages (some 300 MB; the first time takes a minute or more)")
        self._pip(
            ["install", "-e", f"{self.root}[{EXTRAS}]"],
            log=logs / "pip.log",
            what="Installing Python packages",
        )
        self._stamp.write_text(self.wanted() + "\n")

    def _here(self) -> bool:
        """Whether `.venv` was made at this place: its scripts name their interpreter by its full path."""
        script = self.folder / "bin" / "pip"
        return script.is_file() and str(self.folder) in script.read_text(errors="replace")

    def _pip(self, arguments: Sequence[str], *, log: Path, what: str) -> None:
        run_logged(
            [str(self.python), "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments],
            log=log,
            what=what,
            # By the environment, so that it also binds what pip builds the project with.
            env={"PIP_CONSTRAINT": str(self.constraints), "PIP_ROOT_USER_ACTION": "ignore"},
        )
