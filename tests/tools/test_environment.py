"""`.venv` is made when it must be, and not when it need not."""

import sys
from pathlib import Path

import pytest

from tools.setup import environment
from tools.setup.environment import Environment, Python, find_python, probe
from tools.setup.report import SetupError


@pytest.fixture
def checkout(tmp_path: Path) -> Environment:
    """A checkout with a finished `.venv`."""
    (tmp_path / "constraints").mkdir()
    (tmp_path / "constraints" / "all.txt").write_text("aiohttp==3.14.5\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    made = Environment(tmp_path)
    made.python.parent.mkdir(parents=True)
    made.python.write_text("")
    (made.folder / "linkus-setup.sha256").write_text(made.wanted() + "\n")
    return made


def test_an_unchanged_checkout_has_nothing_to_do(checkout: Environment) -> None:
    """The second `make setup` is quick."""
    assert checkout.is_current()


@pytest.mark.parametrize("changed", ["pyproject.toml", "constraints/all.txt"])
def test_changed_requirements_are_installed_again(checkout: Environment, changed: str) -> None:
    """After a pull that changes a version, the next command installs it."""
    (checkout.root / changed).write_text("changed")

    assert not checkout.is_current()


def test_an_interrupted_set_up_is_not_taken_for_a_finished_one(checkout: Environment) -> None:
    """The stamp is the last thing written."""
    (checkout.folder / "linkus-setup.sha256").unlink()

    assert not checkout.is_current()


def test_a_moved_checkout_is_set_up_again(checkout: Environment, tmp_path: Path) -> None:
    """Programs in `.venv` name their interpreter by its path."""
    moved = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(moved)

    assert not Environment(moved).is_current()


def test_the_running_python_is_recognised() -> None:
    """The probe asks the interpreter itself."""
    found = probe(sys.executable)

    assert found is not None
    assert found.version == sys.version_info[:2]


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    """A version manager leaves programs on PATH that only print an error."""
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\necho 'version not installed' >&2\nexit 127\n")
    shim.chmod(0o755)

    assert probe(str(shim)) is None


def test_a_complete_python_is_preferred_to_an_older_one_without_venv(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Debian package needs to be installed where another Python will do."""
    known = {
        "/usr/bin/python3.11": Python("/usr/bin/python3.11", (3, 11), complete=False),
        "python3.12": Python("/opt/python3.12", (3, 12), complete=True),
    }
    monkeypatch.setattr(environment, "probe", known.get)

    assert find_python().path == "/opt/python3.12"


def test_no_usable_python_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.13 has no wheel of PJSIP."""
    monkeypatch.setattr(
        environment, "probe", lambda _name: Python("/usr/bin/python3", (3, 13), complete=True)
    )

    with pytest.raises(SetupError, match=r"3\.11 or 3\.12"):
        find_python()
