"""What the demo prints is enough to log in, and to judge how it went."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from demo import company, summary
from demo.measure import Hearing
from demo.pbx import Secrets
from demo.ports import Ports
from demo.story import Report


def test_every_person_can_be_logged_in_as() -> None:
    """Number, name, password and SIP secret of each, one a line, in columns."""
    numbers = [person.number for person in company.PEOPLE]
    secrets = Secrets(
        "admin-password",
        {number: f"password-{number}" for number in numbers},
        {number: f"secret-{number}" for number in numbers},
    )
    pbx: Any = SimpleNamespace(
        secrets=secrets, ports=Ports(9111, 5070, 5071, (20000, 20400)), fingerprint=lambda: "AA:BB"
    )

    lines = summary.how_to_log_in(pbx).splitlines()

    for person in company.PEOPLE:
        (line,) = [line for line in lines if person.name in line]
        assert line.split()[0] == person.number
        assert line.split()[-2:] == [f"password-{person.number}", f"secret-{person.number}"]
    text = "\n".join(lines)
    assert ":9111" in text
    assert ":5070 (UDP or TCP)" in text
    assert ":5071 (TLS)" in text
    assert "AA:BB" in text


def test_who_was_not_heard_is_not_said_to_be() -> None:
    """And one of two is not enough for a good report."""
    good, bad = Hearing(0.96, 0.2, 0.3, 1.0), Hearing(0.41, 0.2, 0.3, 0.7)
    report = Report([(company.CALLEE, company.CALLER, good), (company.CALLER, company.CALLEE, bad)])

    text = summary.of_report(report, [])

    assert f"{company.CALLEE.first_name} heard {company.CALLER.first_name}" in text
    assert f"{company.CALLER.first_name} did NOT hear {company.CALLEE.first_name}" in text
    assert not report.good


def test_secrets_are_kept_where_only_their_owner_reads_them(tmp_path: Path) -> None:
    """And come back as they were; a damaged file counts as none."""
    path = tmp_path / "secrets.json"
    secrets = Secrets("a", {"1001": "b"}, {"1001": "c"})

    secrets.save(path)

    assert path.stat().st_mode & 0o777 == 0o600
    assert Secrets.load(path) == secrets
    path.write_text("{")
    assert Secrets.load(path) is None
