"""Entry point: `python -m tools.packages`."""

import asyncio
import sys

from demo.processes import DemoError
from tools.packages import client, deb, trial, wheel
from tools.packages.project import DIST, LOGS
from tools.setup.report import SetupError, say


def main() -> int:
    """Build everything into `dist/` and try it out. Returns the exit code."""
    LOGS.mkdir(parents=True, exist_ok=True)
    DIST.mkdir(exist_ok=True)
    try:
        made = wheel.build()
        folder = client.build()
        installed = deb.build(folder)
        say("Starting the client as the .deb installs it, on a virtual display, to log in to a real server")
        say(f"  {asyncio.run(trial.run(installed / 'usr/bin' / folder.name))}")
        wheel.try_out(made)
    except (SetupError, DemoError) as error:
        print(f"make packages: {error}", file=sys.stderr)
        return 1
    say(f"All packages are in {DIST.name}/.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
