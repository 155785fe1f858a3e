"""The client as a folder that needs no Python: PyInstaller."""

import os
import shutil
import sys
from pathlib import Path

from tools.packages.project import DIST, LOGS, NAME, ROOT, WORK, folder_bytes, megabytes
from tools.setup.report import run_logged, say


def build() -> Path:
    """Build `dist/linkus-desktop/`; gives its path."""
    say("Building the client's folder with PyInstaller")
    target = DIST / NAME
    shutil.rmtree(target, ignore_errors=True)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(DIST), "--workpath", str(WORK / "pyinstaller")]
    command.append(str(ROOT / "packaging" / f"{NAME}.spec"))
    run_logged(
        command,
        log=LOGS / "pyinstaller.log",
        what="PyInstaller",
        env={"PYINSTALLER_CONFIG_DIR": str(WORK / "cache"), "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
    )
    say(f"  {target.relative_to(ROOT)}/: {megabytes(folder_bytes(target))}")
    return target
