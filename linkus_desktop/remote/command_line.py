"""The words of the command line, and what is printed of the answer."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from linkus_desktop import paths
from linkus_desktop.remote.words import Action, Answer, ExitCode, Order
from linkus_desktop.sip.number import dialled
from linkus_desktop.sip.values import PhoneError
from linkus_desktop.store.instance import NoAnswer, NotRunning, SingleInstance

PROGRAM = "linkus-desktop"
_HELP = {
    Action.CALL: "call a number",
    Action.ANSWER: "answer the call that has rung longest",
    Action.HANGUP: "end the current call; decline a ringing one if there is no other",
    Action.HOLD: "put the current call on hold",
    Action.RESUME: "take the held call back",
    Action.MUTE: "cut the microphone off",
    Action.UNMUTE: "put the microphone back",
    Action.DTMF: "send keys: 0-9, A-D, * and #",
    Action.TRANSFER: "connect the other person with a number, without asking there first",
    Action.STATUS: "show who is logged in, whether the phone is registered, and the calls",
}
HELP = "orders to the client that runs:\n" + "\n".join(
    f"  {PROGRAM} {action.value:<10} {text}" for action, text in _HELP.items()
)
_NUMBERS = {Action.CALL, Action.TRANSFER}


def is_order(arguments: Sequence[str]) -> bool:
    """Whether the first word that is no option is one of the orders; else it is a link, or nothing."""
    words = iter(arguments)
    for word in words:
        if word == "--data":
            next(words, None)
        elif not word.startswith("-"):
            return word in {action.value for action in Action}
    return False


def run(arguments: Sequence[str]) -> int:
    """Give the order to the client that runs, print what came of it, and return an `ExitCode`."""
    options = _parser().parse_args(arguments)
    try:
        order = _order(options)
    except PhoneError as error:
        return _print(Answer(ExitCode.USAGE, str(error)), as_json=options.json)
    return _print(_ask(order, options.data), as_json=options.json)


def _ask(order: Order, chosen: Path | None) -> Answer:
    nobody = Answer(
        ExitCode.NOT_RUNNING, "The client does not run. Start linkus-desktop, or name its folder with --data."
    )
    silent = Answer(ExitCode.NO_ANSWER, "The client runs, but does not answer. End it, and start it again.")
    folder = paths.data_place(chosen)
    if not folder.is_dir():
        return nobody
    application = QCoreApplication.instance() or QCoreApplication([PROGRAM])
    try:
        return Answer.from_message(SingleInstance(folder, application).ask(order.to_message()))
    except NotRunning:
        return nobody
    except (NoAnswer, ValueError):
        return silent


def _order(options: argparse.Namespace) -> Order:
    """The order that was typed; raises `PhoneError` for what is no number."""
    action = Action(options.order)
    argument = " ".join(getattr(options, "argument", []))
    if action in _NUMBERS:
        argument = dialled(argument)
    return Order(action, argument.replace(" ", ""), getattr(options, "call", ""))


def _print(answer: Answer, *, as_json: bool) -> int:
    """Results on standard output, failures on standard error; a program for windows may have neither."""
    stream = sys.stdout if answer.code is ExitCode.DONE else sys.stderr
    if stream is not None:
        text = json.dumps(answer.to_message(), indent=2, ensure_ascii=False) if as_json else answer.text
        prefix = "" if as_json or answer.code is ExitCode.DONE else f"{PROGRAM}: "
        stream.write(f"{prefix}{text}\n")
        stream.flush()
    return int(answer.code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Orders to the client that runs.")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the data folder of the client that is meant"
    )
    orders = parser.add_subparsers(dest="order", required=True, metavar="ORDER")
    for action, text in _HELP.items():
        one = orders.add_parser(action.value, help=text, description=f"{text[0].upper()}{text[1:]}.")
        one.add_argument(
            "--data", type=Path, metavar="DIR", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )
        one.add_argument("--json", action="store_true", help="print JSON; errors too, on standard error")
        if action in _NUMBERS or action is Action.DTMF:
            name = "KEYS" if action is Action.DTMF else "NUMBER"
            one.add_argument("argument", nargs="+", metavar=name)
        if action not in {Action.CALL, Action.STATUS}:
            one.add_argument("--call", default="", metavar="ID", help="the call that is meant, as in status")
    return parser
