"""The words of the command line, without a client (see `app/test_remote.py` for one that runs)."""

import json
from pathlib import Path

import pytest

from linkus_desktop.remote import command_line
from linkus_desktop.remote.words import Answer, ExitCode, Order


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["status"], True),
        (["--data", "call", "answer"], True),
        (["--data=x", "call", "+420 530"], True),
        ([], False),
        (["tel:1002"], False),
        (["sip:call@pbx"], False),
        (["--data", "call"], False),
        (["--login-stdin", "tel:1002"], False),
    ],
)
def test_links_and_orders_are_told_apart_SIP_2(words: list[str], order: bool) -> None:
    assert command_line.is_order(words) is order


def test_without_a_client_the_exit_code_says_so(
    qapp: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command_line.run(["answer", "--data", str(tmp_path)]) == ExitCode.NOT_RUNNING
    told = capsys.readouterr()
    assert told.out == ""
    assert "does not run" in told.err
    missing = tmp_path / "missing"
    assert command_line.run(["--data", str(missing), "status", "--json"]) == ExitCode.NOT_RUNNING
    assert json.loads(capsys.readouterr().err)["result"] == "not_running"
    assert not missing.exists(), "asking makes no folder"


@pytest.mark.parametrize("words", [["call"], ["dtmf"], ["transfer"], ["status", "1"], ["hold", "--loud"]])
def test_wrong_words_are_wrong_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command_line.run(words)
    assert ended.value.code == ExitCode.USAGE
    assert "usage" in capsys.readouterr().err


def test_what_is_no_number_is_wrong_usage_SIP_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.run(["call", "hello", "there"]) == ExitCode.USAGE
    assert "hello there" in capsys.readouterr().err


@pytest.mark.parametrize("message", [{}, {"code": 99, "text": ""}, {"code": 0}, {"code": "x", "text": ""}])
def test_an_answer_that_is_none_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"answer|valid"):
        Answer.from_message(message)


def test_orders_and_answers_cross_whole() -> None:
    order = Order(command_line.Action.CALL, "+420530", "c1")
    assert Order.from_message(json.loads(json.dumps(order.to_message()))) == order
    answer = Answer(ExitCode.NO_CALL, "Nothing ž", {"call": {"id": "c1"}})
    assert Answer.from_message(json.loads(json.dumps(answer.to_message()))) == answer
