"""`make test` runs every part, and its exit code is faithful."""

import sys
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from tools.check import __main__ as check
from tools.check.parts import DEMO, FAULTS, GROUPS, OVER_SOCKETS, PHONE, WHERE, Part


@pytest.fixture(autouse=True)
def results_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Do not touch the results of the run this test is part of."""
    monkeypatch.setattr(check, "RESULTS", tmp_path)


def program(code: str) -> tuple[str, ...]:
    """A command line that runs a bit of Python."""
    return (sys.executable, "-c", code)


def test_a_failing_part_does_not_hide_the_ones_after_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """All parts run; one failure is enough for the exit code."""
    parts = (
        Part("first", "fails", (program("raise SystemExit(3)"),)),
        Part("second", "works", (program("print('the second ran')"),)),
    )
    monkeypatch.setitem(GROUPS, "all", parts)

    assert check.main(["all"]) == 1
    assert "the second ran" in capfd.readouterr().out


def test_of_programs_run_together_only_the_failing_one_speaks(capfd: pytest.CaptureFixture[str]) -> None:
    """Three tools that are content do not bury what the fourth found."""
    ok = check.run_together(
        (program("print('all well here')"), program("print('found it'); raise SystemExit(1)"))
    )

    said = capfd.readouterr().out
    assert not ok
    assert "found it" in said
    assert "all well here\n" not in said.replace("print('all well here')", "")


MARKS = ("real", "postgresql", "window", "soak")


def test_every_test_belongs_to_exactly_one_part() -> None:
    """By its file and its marks: nothing is left out and nothing runs twice."""
    parts = [part.commands[0] for part in (*GROUPS["all"], *GROUPS["soak"]) if part.tests]
    for file in sorted((check.ROOT / "tests").rglob("test_*.py")):
        name = file.relative_to(check.ROOT).as_posix()
        written = [mark for mark in MARKS if f"mark.{mark}" in file.read_text()]
        if name.startswith("tests/server/"):  # where a fixture marks tests
            written.append("postgresql")
        for bits in range(2 ** len(written)):
            marks = {mark for i, mark in enumerate(written) if bits >> i & 1}
            chosen = [command for command in parts if runs(command, name, marks)]
            assert len(chosen) == 1, f"a test in {name} marked {marks or 'not at all'}: {len(chosen)} parts"


def runs(command: tuple[str, ...], file: str, marks: set[str]) -> bool:
    """Whether this run of pytest takes a test of this file with these marks."""

    def has(name: str, /, **_arguments: object) -> bool:
        return name in marks

    def is_in(path: str) -> bool:
        return file == path or file.startswith(f"{path}/")

    expression = command[command.index("-m", 3) + 1]
    asked = [argument for argument in command if argument.startswith("tests/")]
    ignored = [argument.removeprefix("--ignore=") for argument in command if argument.startswith("--ignore=")]
    return (
        Expression.compile(expression).evaluate(has)
        and not any(is_in(path) for path in ignored)
        and (not asked or any(is_in(path) for path in asked))
    )


def test_the_folders_and_files_of_the_parts_are_there() -> None:
    """One that was renamed would silently leave its tests out, or fail the run."""
    for paths in (*OVER_SOCKETS.values(), *WHERE.values(), PHONE, (DEMO,)):
        for path in paths:
            assert (check.ROOT / path).exists(), path
    for file in FAULTS:
        assert (check.ROOT / file).is_file(), file
