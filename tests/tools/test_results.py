"""The summary of `make test` tells the truth."""

from pathlib import Path

from tools.check.results import Counts, Outcome, read_counts, summary


def test_counts_come_from_pytests_file(tmp_path: Path) -> None:
    """An error in a fixture counts as a failure."""
    results = tmp_path / "unit.xml"
    results.write_text(
        '<testsuites><testsuite tests="10" failures="1" errors="2" skipped="3"></testsuite></testsuites>'
    )

    assert read_counts(results) == Counts(passed=4, failed=3, skipped=3)


def test_a_run_that_broke_off_has_no_counts(tmp_path: Path) -> None:
    """A file cut short, or none at all."""
    (tmp_path / "cut.xml").write_text("<testsuites><testsuite")

    assert read_counts(tmp_path / "cut.xml") is None
    assert read_counts(tmp_path / "none.xml") is None


def test_the_last_line_adds_up_all_parts() -> None:
    """Services that read a closing line find one that covers every run of pytest."""
    text = summary(
        [
            Outcome("lint", "style", ok=True, seconds=3.0),
            Outcome("unit", "rules", ok=True, seconds=10.0, counts=Counts(40, 0)),
            Outcome("real", "phones", ok=False, seconds=60.0, counts=Counts(11, 2, 1)),
        ]
    )

    assert text.splitlines()[-1] == "51 passed, 2 failed, 1 skipped"
    assert "FAILED  real" in text
    assert "73 s in all" in text
