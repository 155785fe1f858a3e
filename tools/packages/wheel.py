"""The wheel, and proof that a server needs no Qt and a client no FastAPI."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.packages.project import DIST, LOGS, ROOT, megabytes
from tools.setup.report import SetupError, run_logged, say

SERVER_CHECK = """
import importlib.util, subprocess, sys
from pathlib import Path
program = Path(sys.executable).with_name("linkus-pbx")
subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL)
import server.app
assert importlib.util.find_spec("PySide6") is None, "the server's wheel brought Qt along"
assert importlib.util.find_spec("pjsua2") is None, "the server's wheel brought PJSIP along"
"""
CLIENT_CHECK = """
import importlib.util
import linkus_desktop.app
from linkus_desktop.paths import resources
assert any(resources().glob("icons/*.svg")), "the wheel has no icons"
assert importlib.util.find_spec("fastapi") is None, "the client's wheel brought FastAPI along"
"""


def build() -> Path:
    """Build the wheel into `dist/`; gives its path."""
    say("Building the wheel")
    for old in DIST.glob("*.whl"):
        old.unlink()
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(DIST), str(ROOT)]
    run_logged(command, log=LOGS / "wheel.log", what="Building the wheel")
    (wheel,) = DIST.glob("*.whl")
    say(f"  {wheel.relative_to(ROOT)}: {megabytes(wheel.stat().st_size)}")
    return wheel


def try_out(wheel: Path) -> None:
    """Install the wheel for a server, and for a client, each in an empty environment, and start it.

    Raises:
        SetupError: it does not install, does not start, or brings along what it must not.
    """
    for extra, check in (("server", SERVER_CHECK), ("client", CLIENT_CHECK)):
        say(f"Trying the wheel as a {extra} in an empty environment")
        with tempfile.TemporaryDirectory(prefix=f"linkus-{extra}-") as folder:
            run_logged([sys.executable, "-m", "venv", folder], log=LOGS / "venv.log", what="Making it")
            python = str(Path(folder) / "bin" / "python")
            run_logged(
                [python, "-m", "pip", "--disable-pip-version-check", "install", f"{wheel}[{extra}]"],
                log=LOGS / f"wheel-{extra}.log",
                what="Installing",
                env={"PIP_CONSTRAINT": str(ROOT / "constraints/all.txt"), "PIP_ROOT_USER_ACTION": "ignore"},
            )
            tried = subprocess.run(
                [python, "-I", "-c", check], cwd=folder, capture_output=True, text=True, check=False
            )
        if tried.returncode:
            raise SetupError(f"the wheel as a {extra} does not work:\n{tried.stderr}")
        say(f"  works as a {extra}")
