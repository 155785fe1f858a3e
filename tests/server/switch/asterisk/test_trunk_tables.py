"""States of trunks as read from what Asterisk tells and logs; no engine needed (ADMIN-2)."""

from pathlib import Path

import pytest

from server.switch.asterisk import registration_log
from server.switch.asterisk.registration_log import RegistrationLog
from server.switch.asterisk.trunk_states import TrunkTable
from server.switch.port import SipTrunk, TrunkKind, TrunkState, TrunkStatus

PEER = SipTrunk("main", TrunkKind.PEER, "192.0.2.1")
REGISTERING = SipTrunk("main", TrunkKind.REGISTER, "192.0.2.1", username="acc")
WHERE = ("sip:192.0.2.1:5060", "sip:acc@192.0.2.1")


@pytest.fixture
def table() -> TrunkTable:
    """Of an engine that has no trunk yet."""
    table = TrunkTable()
    table.replace({}, {})
    return table


def test_without_an_engine_nothing_is_known(table: TrunkTable) -> None:
    table.contact("main", "Reachable")
    table.clear()
    assert table.state(PEER) == TrunkState(TrunkStatus.UNKNOWN)


def test_a_peer_is_what_its_contact_is(table: TrunkTable) -> None:
    assert table.state(PEER).status is TrunkStatus.UNKNOWN
    table.contact("main", "NonQualified")
    assert table.state(PEER).status is TrunkStatus.UNKNOWN
    table.contact("main", "Unreachable")
    assert table.state(PEER) == TrunkState(TrunkStatus.UNREACHABLE, "192.0.2.1:5060 does not answer.")
    table.contact("main", "Reachable")
    assert table.state(PEER) == TrunkState(TrunkStatus.REACHABLE)


def test_only_a_carrier_that_was_silent_is_back(table: TrunkTable) -> None:
    assert not table.contact("main", "Reachable")
    assert not table.contact("main", "Reachable")
    assert not table.contact("main", "Unreachable")
    assert table.contact("main", "Reachable")


def test_a_registration_at_a_silent_registrar_is_worth_nothing(table: TrunkTable) -> None:
    assert table.state(REGISTERING).status is TrunkStatus.REGISTERING
    assert table.registration("main", "Registered") is None
    assert table.state(REGISTERING).status is TrunkStatus.REGISTERED
    table.contact("main", "Unreachable")
    assert table.state(REGISTERING).status is TrunkStatus.UNREACHABLE
    assert not table.state(REGISTERING).usable


@pytest.mark.parametrize(
    ("code", "status", "text"),
    [
        (0, TrunkStatus.UNREGISTERED, "does not answer"),
        (503, TrunkStatus.UNREGISTERED, "SIP 503"),
        (403, TrunkStatus.REJECTED, "SIP 403): check user name and secret"),
        (488, TrunkStatus.REJECTED, "SIP 488)."),
        (None, TrunkStatus.REJECTED, "did not take"),
    ],
)
def test_a_failure_is_told_with_its_reason(
    table: TrunkTable, code: int | None, status: TrunkStatus, text: str
) -> None:
    attempt = table.registration("main", "Rejected")
    assert attempt is not None
    assert table.failed("main", attempt, code)
    state = table.state(REGISTERING)
    assert state.status is status
    assert text in state.reason


def test_a_reason_that_comes_late_does_not_undo_a_success(table: TrunkTable) -> None:
    attempt = table.registration("main", "Rejected")
    table.registration("main", "Registered")
    assert attempt is not None
    assert not table.failed("main", attempt, 403)
    assert table.state(REGISTERING).status is TrunkStatus.REGISTERED


def test_what_an_adopted_engine_has_is_taken_in(table: TrunkTable) -> None:
    table.replace({"main": "Rejected"}, {"main": "Reachable"})
    assert table.state(REGISTERING).status is TrunkStatus.REJECTED
    assert table.state(PEER).status is TrunkStatus.REACHABLE


# The log of the engine


def lines(*texts: str) -> str:
    return "".join(f"[2026-01-31 12:00:00.000] WARNING[1] x.c: {text}\n" for text in texts)


TAIL = f"received from '{WHERE[0]}' on registration attempt to '{WHERE[1]}', retrying in '20'"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"'488' fatal response {TAIL} seconds", 488),
        (f"403 Forbidden fatal response {TAIL} seconds", 403),
        (f"Fatal response '404' {TAIL}, stopping", 404),
        (f"Temporal response '503' {TAIL}", 503),
        (f"No response {TAIL}", 0),
    ],
)
async def test_the_log_says_why_a_registration_failed(tmp_path: Path, text: str, code: int) -> None:
    reader = RegistrationLog(tmp_path)
    (tmp_path / "messages.log").write_text(lines("something else", text))
    assert await reader.status(WHERE) == code


async def test_old_and_foreign_lines_of_the_log_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration_log, "LOOKS", 1)
    path = tmp_path / "messages.log"
    path.write_text(lines(f"'488' fatal response {TAIL}"))
    reader = RegistrationLog(tmp_path)
    assert await reader.status(WHERE) is None
    with path.open("a") as file:
        file.write(lines(f"'404' fatal response {TAIL}"))
    assert await reader.status(("sip:other", "sip:other")) is None
    assert await reader.status(WHERE) == 404
    assert await reader.status(WHERE) is None, "a line counts once"
    path.write_text(lines(f"No response {TAIL}"))  # rotated
    assert await reader.status(WHERE) == 0
