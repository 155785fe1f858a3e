"""The program `linkus-desktop`."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLoggingCategory, QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from linkus_desktop import __version__, paths, scripted_login
from linkus_desktop.app import Client
from linkus_desktop.garbage import MainThreadCollector
from linkus_desktop.remote import command_line
from linkus_desktop.remote.desk import Desk
from linkus_desktop.store.instance import Claim, SingleInstance

logger = logging.getLogger("linkus_desktop")

LOG_VARIABLE = "LINKUS_CLIENT_LOG"

_ANOTHER = {
    Claim.HANDED_OVER: "it is running already with this data folder; its window was raised.",
    Claim.NO_ANSWER: "it is running already with this data folder, but does not answer. "
    "End it, and start it again.",
}

_QT_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the client until the user quits, or give a link or an order to the client that runs.

    Returns the exit code: 0 well, 1 not started, 2 wrong usage; of orders, see `remote.words.ExitCode`.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if command_line.is_order(arguments):
        return command_line.run(arguments)
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=os.environ.get(LOG_VARIABLE, "WARNING").upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    login = None
    if options.login_stdin:
        try:
            login = scripted_login.parse(sys.stdin.readline(scripted_login.LONGEST))
        except ValueError as error:
            sys.stderr.write(f"linkus-desktop: {error}\n")
            return 2
    try:
        folder = paths.data_folder(options.data)
    except OSError as error:
        sys.stderr.write(f"linkus-desktop: the data folder cannot be made: {error}\n")
        return 1
    qInstallMessageHandler(_log_qt)
    QLoggingCategory.setFilterRules("qt.qpa.*.debug=false")
    application = QApplication(sys.argv[:1])
    application.setApplicationName(paths.APPLICATION)
    application.setApplicationDisplayName("Linkus Desktop")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName(paths.APPLICATION)
    instance = SingleInstance(folder)
    claim = instance.claim(options.link)
    if claim is not Claim.OURS:
        sys.stderr.write(f"linkus-desktop: {_ANOTHER[claim]}\n")
        return 0 if claim is Claim.HANDED_OVER else 1
    try:
        return _run(application, folder, instance, login, options.link)
    finally:
        instance.release()


def _run(
    application: QApplication,
    folder: Path,
    instance: SingleInstance,
    login: scripted_login.ScriptedLogin | None,
    link: str,
) -> int:
    collector = MainThreadCollector(application)
    loop = QEventLoop(application)
    asyncio.set_event_loop(loop)
    with loop:
        client = Client(application, folder)
        client.finished.connect(loop.stop)
        instance.serve = Desk(lambda: client.workplace).serve
        instance.raise_requested.connect(client.raise_window)
        instance.link_requested.connect(client.open_link)
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: closing the window is the way
                loop.add_signal_handler(number, client.quit)
        client.start(login)
        if link:
            client.open_link(link)
        loop.run_forever()
    collector.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linkus-desktop",
        description="The softphone of your PBX.",
        epilog=command_line.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "link",
        nargs="?",
        default="",
        metavar="LINK",
        help="a tel:, sip: or sips: link; its number is put into the dial field",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"keep the data here (also {paths.DATA_VARIABLE})"
    )
    parser.add_argument(
        "--login-stdin",
        action="store_true",
        help='log in with one line of JSON from standard input: {"server": …, "user": …, "password": …}',
    )
    parser.add_argument("--version", action="version", version=f"linkus-desktop {__version__}")
    return parser


def _log_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    logging.getLogger(f"qt.{context.category or 'default'}").log(_QT_LEVELS.get(kind, logging.WARNING), text)


if __name__ == "__main__":
    sys.exit(main())
