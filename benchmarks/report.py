"""What a benchmark found: two figures and what was aimed at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """One figure of ours beside one of theirs.

    Attributes:
        what: what was measured, with its unit.
        ours, theirs: the figures; `theirs` is measured in the same run on the same machine. None: there is
            nothing to compare with.
        beside: what `theirs` is.
        aim: what `ours` should be, at least if `more_is_better`, else at most; None if there is no aim.
    """

    what: str
    ours: float
    theirs: float | None
    beside: str
    aim: float | None = None
    more_is_better: bool = False

    def line(self) -> tuple[str, ...]:
        """As a row of the table."""
        ratio = f"{self.ours / self.theirs:.2f}" if self.theirs else ""
        theirs = f"{self.theirs:.2f}" if self.theirs is not None else ""
        return (self.what, f"{self.ours:.2f}", theirs, ratio, self.beside, *self._verdict())

    def _verdict(self) -> tuple[str, str]:
        if self.aim is None:
            return "", ""
        met = self.ours >= self.aim if self.more_is_better else self.ours <= self.aim
        bound = "at least" if self.more_is_better else "at most"
        return f"{bound} {self.aim:.2f}", "met" if met else "not met"


HEAD = ("measured", "ours", "theirs", "ratio", "beside", "aim", "")


def table(results: list[Result]) -> str:
    """All of them, in columns."""
    rows = [HEAD, *(result.line() for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )
