"""Entry point: `python3 -m tools.setup [--sections client,test,…]`."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tools.setup import debian
from tools.setup.environment import Environment, find_python
from tools.setup.report import SetupError, heartbeat, say

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "packaging" / "debian-packages.txt"
LOGS = ROOT / "build" / "setup"
FETCH = "import sys; from server.switch.asterisk.fetch import main; sys.exit(main([]))"
SECTIONS = "client,test,demo,package"


def main() -> int:
    """Set the checkout up; what is done already is not done again. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make setup", description=__doc__)
    parser.add_argument("--sections", default=SECTIONS, help=f"package sections (default {SECTIONS})")
    sections = parser.parse_args().sections.split(",")
    began = time.monotonic()
    try:
        worked = system_packages(sections)
        worked |= python_environment()
        worked |= telephony_engine()
    except SetupError as error:
        print(f"make setup: {error}", file=sys.stderr)
        return 1
    if worked:
        say(f"Set up in {time.monotonic() - began:.0f} s.")
    return 0


def system_packages(sections: list[str]) -> bool:
    """Install missing Debian packages; True if there was something to do."""
    listed = debian.read_sections(PACKAGES)
    unknown = [name for name in sections if name not in listed]
    if unknown:
        raise SetupError(f"no section {', '.join(unknown)} in {PACKAGES}; there are {', '.join(listed)}")
    environment = Environment(ROOT)
    if not environment.is_current() and not find_python().complete:
        sections = ["python", *sections]
    if not debian.is_debian():
        return False
    absent = debian.missing(debian.wanted(listed, sections))
    if absent:
        debian.install(absent, logs=LOGS)
    return bool(absent)


def python_environment() -> bool:
    """Make `.venv`; True if there was something to do."""
    environment = Environment(ROOT)
    if environment.is_current():
        return False
    python = find_python()
    if not python.complete:
        raise SetupError(
            f"{python.path} has no venv module. On Debian: sudo apt-get install -y python3-venv; elsewhere "
            "install a complete Python 3.11 or 3.12"
        )
    environment.make(python, logs=LOGS)
    return True


def telephony_engine() -> bool:
    """Find an Asterisk, or fetch a private one; True if there was something to do."""
    lines: list[str] = []
    # Not with -m: its package imports that module too, and Python warns of what is then there twice.
    command = [str(Environment(ROOT).python), "-c", FETCH]
    with (
        heartbeat("getting Asterisk"),
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as fetch,
    ):
        assert fetch.stdout is not None
        for line in fetch.stdout:
            # The last line names what was found. Alone it is no news: a line is shown when another follows.
            if lines:
                say(lines[-1])
            lines.append(line.rstrip())
    if fetch.returncode:
        raise SetupError("there is no Asterisk to use; the reason and what to do stand above")
    if len(lines) > 1:
        say(lines[-1])
    return len(lines) > 1


if __name__ == "__main__":
    sys.exit(main())
