"""`make constraints`: read the newest versions that fit `pyproject.toml` and write `constraints/all.txt`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tools.setup.environment import EXTRAS
from tools.setup.report import run_logged, say

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "constraints" / "all.txt"
HEAD = "# Exact versions of everything the project installs, made by `make constraints`.\n"
OWN = "linkus-desktop"


def main() -> int:
    """Install everything unconstrained in an environment that is thrown away, and write down what came."""
    with tempfile.TemporaryDirectory(prefix="linkus-constraints-") as folder:
        run_logged(
            [sys.executable, "-m", "venv", folder],
            log=ROOT / "build/setup/venv.log",
            what="Making an environment",
        )
        python = str(Path(folder) / "bin" / "python")
        run_logged(
            [python, "-m", "pip", "install", "--disable-pip-version-check", f"{ROOT}[{EXTRAS}]"],
            log=ROOT / "build/setup/constraints.log",
            what="Installing the newest versions",
            env={"PIP_ROOT_USER_ACTION": "ignore"},
        )
        listed = subprocess.run(
            [python, "-m", "pip", "freeze", "--disable-pip-version-check"],
            capture_output=True,
            text=True,
            check=True,
        )
    TARGET.write_text(HEAD + "".join(keep(listed.stdout)))
    say(f"{TARGET.relative_to(ROOT)} written; run `make test` before you commit it.")
    return 0


def keep(freeze: str) -> list[str]:
    """Lines `name==version` of `pip freeze`, ours left out; nothing that names a place on this machine."""
    lines = [line for line in freeze.splitlines() if "==" in line and " @ " not in line]
    return sorted((f"{line}\n" for line in lines if not line.lower().startswith(OWN)), key=str.lower)


if __name__ == "__main__":
    sys.exit(main())
