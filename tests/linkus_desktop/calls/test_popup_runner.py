"""SIP-10: addresses are opened and programs started; real ones, without a shell, few and not for long."""

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from linkus_desktop.calls.popup import SAMPLE, Facts, Opens, PopUp, When, Which
from linkus_desktop.calls.popup_runner import MOST_ADDRESSES, MOST_AT_ONCE, WITHIN_S, PopUpRunner

NAMES = [
    "Zoë & Söhne",
    "$(touch hacked); touch hacked",
    "`touch hacked` | touch hacked && touch hacked",
    "\"quoted\" 'twice' \\ back",
    "two\nlines\tand %PATH% $HOME ~ *",
]


def program(code: str, *arguments: str) -> PopUp:
    words = [sys.executable, "-I", "-S", "-c", code, *arguments]
    template = shlex.join(words)
    return PopUp(When.RINGING, Which.ALL, Opens.PROGRAM, template)


def page(template: str) -> PopUp:
    return PopUp(When.RINGING, Which.ALL, Opens.ADDRESS, template)


@pytest.fixture
def opened() -> list[str]:
    return []


@pytest.fixture
def runner(qtbot: QtBot, opened: list[str]) -> Iterator[PopUpRunner]:
    def visit(address: str) -> bool:
        opened.append(address)
        return "unknown" not in address

    made = PopUpRunner(open_address=visit)
    yield made
    made.close()
    assert made.running == 0
    made.deleteLater()


def result(qtbot: QtBot, runner: PopUpRunner, pop_up: PopUp, facts: Facts = SAMPLE) -> str:
    token = object()
    with qtbot.waitSignal(runner.done, check_params_cb=lambda t, _: t is token, timeout=30_000) as done:
        runner.open(pop_up, facts, token)
    return str(done.args[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_program_gets_what_the_caller_is_called_and_no_shell_reads_it_SIP_10(
    qtbot: QtBot, runner: PopUpRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    code = "import json, sys; open(sys.argv[1], 'w').write(json.dumps(sys.argv[2:]))"
    made = program(code, str(out), "{number}", "--name={name}", "{direction}")
    assert result(qtbot, runner, made, Facts("+420530335533", name, incoming=False)) == ""
    assert json.loads(out.read_text()) == ["+420530335533", f"--name={name}", "outgoing"]
    assert not (tmp_path / "hacked").exists()


def test_a_program_that_takes_too_long_is_stopped_and_told_SIP_10(qtbot: QtBot, opened: list[str]) -> None:
    runner = PopUpRunner(run_ms=400)
    problem = result(qtbot, runner, program("import threading; threading.Event().wait()"))
    assert "did not end within 0.4 s" in problem
    assert runner.running == 0
    runner.deleteLater()


def test_what_a_program_complains_of_is_told_SIP_10(qtbot: QtBot, runner: PopUpRunner) -> None:
    code = "import sys; sys.stderr.write('x' * 100_000 + chr(10) + 'no such customer'); sys.exit(3)"
    problem = result(qtbot, runner, program(code))
    assert "ended with code 3: no such customer" in problem
    assert len(problem) < 300


def test_a_program_that_is_not_there_is_told_SIP_10(
    qtbot: QtBot, runner: PopUpRunner, tmp_path: Path
) -> None:
    missing = PopUp(When.RINGING, Which.ALL, Opens.PROGRAM, "no-such-program {name}")
    assert "no program “no-such-program”" in result(qtbot, runner, missing)
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    made = PopUp(When.RINGING, Which.ALL, Opens.PROGRAM, str(broken))
    assert result(qtbot, runner, made) != ""


def test_few_programs_run_at_once_SIP_10(qtbot: QtBot, runner: PopUpRunner) -> None:
    endless = program("import threading; threading.Event().wait()")
    for _ in range(MOST_AT_ONCE):
        runner.open(endless, SAMPLE)
    assert runner.running == MOST_AT_ONCE
    assert "run already" in result(qtbot, runner, endless)
    runner.close()
    assert result(qtbot, runner, program("pass")) == "", "there is room again"


def test_addresses_are_opened_and_an_unknown_scheme_is_told_SIP_10(
    qtbot: QtBot, runner: PopUpRunner, opened: list[str]
) -> None:
    assert result(qtbot, runner, page("https://crm.example.com/?n={number}")) == ""
    assert opened == ["https://crm.example.com/?n=%2B420530335533"]
    assert "knows no program" in result(qtbot, runner, page("unknown:x"))
    assert "begins with" in result(qtbot, runner, page("crm"))


def test_a_storm_of_calls_does_not_bury_the_desktop_SIP_10(qtbot: QtBot, opened: list[str]) -> None:
    now = 0.0
    runner = PopUpRunner(open_address=lambda address: opened.append(address) is None, clock=lambda: now)
    for _ in range(MOST_ADDRESSES):
        assert result(qtbot, runner, page("https://a.b/")) == ""
    assert "just now" in result(qtbot, runner, page("https://a.b/"))
    assert len(opened) == MOST_ADDRESSES
    now = WITHIN_S
    assert result(qtbot, runner, page("https://a.b/")) == ""
    runner.deleteLater()
