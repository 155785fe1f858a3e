"""The set-up knows what is missing and says what to do about it."""

import subprocess
from pathlib import Path

import pytest

from tools.setup import debian
from tools.setup.report import SetupError

ROOT = Path(__file__).resolve().parents[2]


def test_the_projects_own_list_is_well_formed() -> None:
    """Every section that the Makefile names is there, and no package stands in one twice."""
    sections = debian.read_sections(ROOT / "packaging" / "debian-packages.txt")

    assert {"client", "python", "test", "demo", "package", "bench"} <= set(sections)
    for packages in sections.values():
        assert packages
        assert len(packages) == len(set(packages))


def test_alternatives_comments_and_sections_are_read(tmp_path: Path) -> None:
    """`a | b` is one package under two names."""
    listed = tmp_path / "packages.txt"
    listed.write_text("# about\n[one]\nfirst  # why\nold | new\n\n[two]\nfirst\nlast\n")

    sections = debian.read_sections(listed)

    assert sections == {"one": [("first",), ("old", "new")], "two": [("first",), ("last",)]}
    assert debian.wanted(sections, ["one", "two"]) == [("first",), ("old", "new"), ("last",)]


def test_a_package_outside_every_section_is_named(tmp_path: Path) -> None:
    """A slip in the list is not silently lost."""
    listed = tmp_path / "packages.txt"
    listed.write_text("lonely\n")

    with pytest.raises(SetupError, match="'lonely' stands before the first"):
        debian.read_sections(listed)


def test_one_installed_alternative_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half-removed packages count as missing, and an architecture after the name does not matter."""
    listing = "installed libone:amd64\nconfig-files removed\ninstalled new\n"

    def answer(*_args: object, **_more: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, stdout=listing)

    monkeypatch.setattr(subprocess, "run", answer)

    assert debian.missing([("libone",), ("removed",), ("old", "new"), ("absent",)]) == [
        ("removed",),
        ("absent",),
    ]


def test_without_root_and_sudo_the_exact_line_to_run_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An ordinary user is told what to run, and nothing is tried."""
    monkeypatch.setattr(debian, "privilege", lambda: None)

    with pytest.raises(SetupError, match=r"sudo apt-get install -y --no-install-recommends sox libold\n"):
        debian.install([("sox",), ("libold", "libnew")], logs=tmp_path)
