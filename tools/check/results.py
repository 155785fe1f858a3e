"""What a part found: exit codes, time, and pytest's counts from its JUnit file."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Counts:
    """Tests of one run, or of several added up."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def read_counts(path: Path) -> Counts | None:
    """Counts in a JUnit file of pytest; None where the run did not get as far as writing one."""
    try:
        root = ET.parse(path).getroot()
    except (OSError, ET.ParseError):
        return None
    total = Counts()
    for suite in root.iter("testsuite"):
        tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        total += Counts(max(tests - failed - skipped, 0), failed, skipped)
    return total


@dataclass(frozen=True)
class Outcome:
    """How a part ended. `counts` is None for parts that are no tests, or that broke off."""

    name: str
    about: str
    ok: bool
    seconds: float
    counts: Counts | None = None

    def line(self) -> str:
        """The part's line in the summary."""
        mark = "ok    " if self.ok else "FAILED"
        counts = f"   {self.counts}" if self.counts else ""
        return f"  {mark}  {self.name:<11}{self.seconds:6.1f} s   {self.about}{counts}"


def summary(outcomes: list[Outcome]) -> str:
    """The closing lines; the last one is pytest's counts of all parts added up, where there were tests."""
    lines = ["", "Summary", *(outcome.line() for outcome in outcomes)]
    lines.append(f"  {sum(outcome.seconds for outcome in outcomes):.0f} s in all")
    counted = [outcome.counts for outcome in outcomes if outcome.counts]
    if counted:
        lines += ["", str(sum(counted, Counts()))]
    return "\n".join(lines)
