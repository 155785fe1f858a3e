"""What the demo prints at its end, or while it stays up."""

import socket
from pathlib import Path
from typing import Any

from demo import company
from demo.pbx import Pbx
from demo.story import Report


def of_report(report: Report, entries: list[dict[str, Any]]) -> str:
    """Who heard whom, the server's log of the call, and where the pictures are."""
    lines = [""]
    for listener, speaker, hearing in report.hearings:
        verdict = "heard" if hearing.heard else "did NOT hear"
        lines.append(
            f"{listener.first_name} {verdict} {speaker.first_name}: likeness {hearing.likeness:.2f} of 1 "
            f"(control {hearing.control:.2f}), {hearing.complete:.0%} of the loud parts, "
            f"{hearing.delay_s:.1f} s into the recording"
        )
        if hearing.broken:
            lines.append(
                f"  Broken, not understood: for {hearing.stood:.0%} of the time this machine stood still, "
                "and every sound on it. A machine that runs lets every word through."
            )
    lines += [
        f"Call log: {entry['started_at'][11:19]} UTC {entry['caller_name']} ({entry['caller']}) called "
        f"{entry['callee_name']} ({entry['dialled']}): {entry['outcome'] or 'in progress'}"
        for entry in entries[:3]
    ]
    lines += [f"Picture:  {_near(path)}" for path in report.pictures]
    return "\n".join(lines)


def how_to_log_in(pbx: Pbx) -> str:
    """How any other phone becomes a colleague's phone."""
    host, ports = lan_address(), pbx.ports
    secrets = pbx.secrets
    rows: list[tuple[str, ...]] = [("ext.", "name", "password", "SIP secret")]
    rows += [
        (person.number, person.name, secrets.passwords[person.number], secrets.sip_secrets[person.number])
        for person in company.PEOPLE
    ]
    rows.append(("admin", "Administrator", secrets.admin, "(no phone)"))
    return "\n".join(
        [
            "",
            f"{company.NAME} is open. Log in with any phone:",
            "",
            f"  linkus-desktop    server {host}:{ports.http}, user = extension, password as below",
            f"  its certificate   {pbx.fingerprint()}",
            f"  any SIP phone     registrar {host}:{ports.sip} (UDP or TCP), {host}:{ports.sips} (TLS),",
            "                    user = extension, password = SIP secret",
            "",
            *_table(rows),
            "",
            "Only this machine's demo knows these passwords. Ctrl+C ends it.",
        ]
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = (zip(row, widths, strict=True) for row in rows)
    return ["  " + "  ".join(text.ljust(width) for text, width in row).rstrip() for row in cells]


def lan_address() -> str:
    """The address by which others on the network reach this machine; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: nobody's; UDP "connect" only picks a route
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _near(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
