"""The parts of `make test`: a part is a few programs; the part passes when all of them do."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

PYTHON = sys.executable
BIN = Path(PYTHON).parent


@dataclass(frozen=True)
class Part:
    """One part of the checks.

    Attributes:
        name: as in the summary, one word.
        about: what it proves, for people.
        commands: run at the same time when there are several.
        tests: whether it is a pytest run, whose counts are summed up.
    """

    name: str
    about: str
    commands: tuple[tuple[str, ...], ...]
    tests: bool = False


def _pytest(name: str, about: str, marks: str, *extra: str, spread: tuple[str, ...] = ()) -> Part:
    """A part that runs pytest; `spread`: on several processors, and how; else one test at a time."""
    results = f"build/test/{name}.xml"
    command = (
        PYTHON,
        "-m",
        "pytest",
        "-q",
        "-m",
        marks,
        f"--junitxml={results}",
        "-o",
        f"cache_dir={CACHE}",
        *spread,
        *extra,
    )
    return Part(name, about, (command,), tests=True)


CACHE = ".pytest_cache"
SIDE_BY_SIDE = ("-n", str(min(os.cpu_count() or 1, 4)), "--dist=worksteal")
"""For tests that measure nothing."""
FILE_BY_FILE = ("-n", "4", "--dist=loadfile", "--no-loadscope-reorder")
"""For tests that mostly wait: on phones, on timers, on what is said; each file has a server of its own."""

LINT = Part(
    "lint",
    "ruff, types, layers",
    (
        (str(BIN / "ruff"), "check", "--quiet"),
        (str(BIN / "ruff"), "format", "--check", "--quiet"),
        (str(BIN / "lint-imports"), "--no-cache"),
        (str(BIN / "mypy"), "--no-error-summary"),
    ),
)
OVER_SOCKETS = {
    "server": (
        "tests/server/api",
        "tests/server/cli",
        "tests/server/services/test_auth.py",
        "tests/server/services/test_call_quality.py",
        "tests/server/services/test_languages.py",
        "tests/server/services/test_mail.py",
        "tests/server/services/test_mail_smtp.py",
        "tests/server/services/test_music.py",
        "tests/server/services/test_prompts.py",
        "tests/server/services/test_sip_guard.py",
        "tests/server/services/test_sound_files.py",
        "tests/server/services/test_sound_package.py",
        "tests/server/test_app.py",
        "tests/server/test_mail_kill.py",
    ),
    "client": ("tests/linkus_desktop",),
}
"""Where unmarked tests talk over sockets, convert sounds, or hash passwords: too slow for `make unit`."""
FAULTS = (
    "tests/server/flows/test_explained.py",
    "tests/server/flows/test_faults.py",
    "tests/server/flows/test_kills.py",
    "tests/server/flows/test_own_calls_model.py",
    "tests/server/flows/test_pairs_model.py",
    "tests/server/flows/test_queue_picked_up.py",
    "tests/server/flows/test_random_days.py",
    "tests/server/flows/test_random_queue_days.py",
    "tests/server/rules/queues/test_erlang.py",
    "tests/server/rules/queues/test_random_centres.py",
)
"""Every flow with a fault at each of its moments, and random days beside a model: quick, but thousands."""
PHONE = ("tests/linkus_desktop/sip", "tests/phones/test_rtp.py")
"""Sound is measured here: one test at a time."""
DEMO = "tests/demo/test_whole.py"
"""Here, too, and by two whole clients at once."""
WHERE = {
    "postgresql": ("tests/server",),
    "window": ("tests/demo", "tests/linkus_desktop"),
    "real": (
        "tests/demo",
        "tests/linkus_desktop/sip",
        "tests/real",
        "tests/server/rules/queues",
        "tests/server/switch",
        "tests/server/test_full_disk.py",
        "tests/server/test_secrets_of_a_session.py",
    ),
}
"""Where tests with a mark are: each process of a part collects all that is there, which takes it long."""
PLAIN = "not (real or postgresql or window or soak)"

UNIT = _pytest(
    "unit",
    "rules, services and flows on the simulated switch",
    PLAIN,
    *(f"--ignore={path}" for path in (*OVER_SOCKETS["server"], *OVER_SOCKETS["client"], *FAULTS, *PHONE)),
    spread=SIDE_BY_SIDE,
)
STRICKEN = _pytest(
    "faults", "each flow with a fault at each moment, random days", PLAIN, *FAULTS, spread=SIDE_BY_SIDE
)
SERVER = _pytest(
    "server", "API and command line, on SQLite", PLAIN, *OVER_SOCKETS["server"], spread=SIDE_BY_SIDE
)
CLIENT = _pytest(
    "client",
    "login, live mirror, without windows",
    PLAIN,
    *OVER_SOCKETS["client"],
    *(f"--ignore={path}" for path in PHONE),
    spread=SIDE_BY_SIDE,
)
PHONES = _pytest("phone", "the client's phone and its sound", PLAIN, *PHONE)
POSTGRESQL = _pytest(
    "postgresql",
    "the store on PostgreSQL",
    "postgresql and not (real or window or soak)",
    *WHERE["postgresql"],
    spread=SIDE_BY_SIDE,
)
WINDOWS = _pytest(
    "windows",
    "the windows, offscreen",
    "window and not (real or soak)",
    *WHERE["window"],
    spread=SIDE_BY_SIDE,
)
DEMONSTRATION = _pytest("demo", "`make demo` as a person runs it", "real and not soak", DEMO)
REAL = _pytest(
    "real",
    "Asterisk and real phones on loopback",
    "real and not soak",
    *WHERE["real"],
    f"--ignore={DEMO}",
    spread=FILE_BY_FILE,
)
SOAK = _pytest("soak", "long proofs", "soak", "-o", "timeout=7200")

GROUPS = {
    "lint": (LINT,),
    "unit": (UNIT,),
    "soak": (SOAK,),
    "all": (LINT, UNIT, STRICKEN, SERVER, POSTGRESQL, CLIENT, PHONES, WINDOWS, DEMONSTRATION, REAL),
}
