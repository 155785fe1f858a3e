"""One running program per data folder: a second start gives the first what it was started for."""

import hashlib
import json
import logging
from collections.abc import Callable
from enum import Enum, auto
from pathlib import Path
from typing import Any

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QLockFile, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from linkus_desktop.store.peer import is_same_user

logger = logging.getLogger(__name__)

ANSWER_MS = 5_000
"""How long a second start waits for the first; one that has just begun needs a second or two."""
_RETRY_MS = 100
_LONGEST = 16_384
"""Bytes of a message that are read; longer ones are refused."""
_TAKEN = b"taken\n"

Message = dict[str, Any]


class NotRunning(Exception):
    """No program has the folder."""


class NoAnswer(Exception):
    """A program has the folder, but does not answer, or is not this user's."""


class Claim(Enum):
    """What came of claiming a folder."""

    OURS = auto()
    HANDED_OVER = auto()
    """Another program has it, was asked to show its window, and took the link if there was one."""
    NO_ANSWER = auto()
    """Another program has it, but did not answer."""


class SingleInstance(QObject):
    """The claim to a data folder. The lock file decides; the local socket only carries messages.

    Both ends of the socket must be of the same user.

    Attributes:
        serve: answers the orders of `ask`; raises `ValueError` for what is none.

    Signals:
        raise_requested(): somebody started the program again.
        link_requested(str): likewise, with a link to open.
    """

    raise_requested = Signal()
    link_requested = Signal(str)

    def __init__(self, folder: Path, parent: QObject | None = None, *, answer_ms: int = ANSWER_MS) -> None:
        super().__init__(parent)
        self._name = f"linkus-desktop-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]}"
        self.serve: Callable[[Message], Message] | None = None
        self._answer_ms = answer_ms
        self._lock = QLockFile(str(folder / "instance.lock"))
        self._lock.setStaleLockTime(0)  # stale only if its process is gone
        self._visitors: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def claim(self, link: str = "") -> Claim:
        """Take the folder, or give `link` (empty: only the wish to see the window) to who has it.

        Who has it may be about to listen, or about to end: both are waited for.
        """
        deadline = QDeadlineTimer(self._answer_ms)
        while not self._lock.tryLock(0):
            if self._lock.error() != QLockFile.LockError.LockFailedError:
                logger.warning("The data folder cannot be locked; a second start will not be noticed.")
                break
            if self._hand_over(link, deadline):
                return Claim.HANDED_OVER
            if deadline.hasExpired():
                return Claim.NO_ANSWER
            _pause(_RETRY_MS)
        QLocalServer.removeServer(self._name)  # left over by a crash: the lock shows that nobody listens
        if not self._server.listen(self._name):
            logger.warning("A second start will not be noticed: %s", self._server.errorString())
        return Claim.OURS

    def release(self) -> None:
        """Let others have the folder."""
        self._server.close()
        self._lock.unlock()

    def ask(self, message: Message) -> Message:
        """What the program that has the folder answers to an order; it is not raised for that.

        Raises `NotRunning`, `NoAnswer`.
        """
        deadline = QDeadlineTimer(self._answer_ms)
        while True:
            line = self._exchange(message, deadline)
            if line is not None:
                break
            if self._lock.tryLock(0):
                self._lock.unlock()
                raise NotRunning
            if self._lock.error() != QLockFile.LockError.LockFailedError:
                raise NotRunning  # there is no folder, or one that nobody could lock
            if deadline.hasExpired():
                raise NoAnswer
            _pause(_RETRY_MS)
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise NoAnswer from error
        if not isinstance(answer, dict):
            raise NoAnswer
        return answer

    def _hand_over(self, link: str, deadline: QDeadlineTimer) -> bool:
        """Whether the running program said that it took the message."""
        return self._exchange({"open": link}, deadline) == _TAKEN

    def _exchange(self, message: Message, deadline: QDeadlineTimer) -> bytes | None:
        """The line that the running program answers; None if none does."""
        socket = QLocalSocket()
        waiting = QEventLoop()
        for signal in (socket.readyRead, socket.disconnected):
            signal.connect(waiting.quit)
        socket.connectToServer(self._name)
        if not socket.waitForConnected(max(1, deadline.remainingTime())):
            logger.info("The running program does not listen: %s", socket.errorString())
            return None
        if not is_same_user(int(socket.socketDescriptor())):
            logger.warning("Another user listens in place of the running program; it is told nothing.")
            return None
        socket.write(json.dumps(message).encode() + b"\n")
        connected = QLocalSocket.LocalSocketState.ConnectedState
        while not socket.canReadLine() and socket.state() is connected and not deadline.hasExpired():
            QTimer.singleShot(max(1, deadline.remainingTime()), waiting.quit)
            waiting.exec()
        line = bytes(socket.readLine().data()) if socket.canReadLine() else None
        socket.abort()
        return line

    def _on_connection(self) -> None:
        while (visitor := self._server.nextPendingConnection()) is not None:
            if not is_same_user(int(visitor.socketDescriptor())):
                logger.warning("Another user's program wanted to give orders; it was turned away.")
                visitor.abort()
                visitor.deleteLater()
                continue
            self._visitors.append(visitor)
            visitor.readyRead.connect(self._read)
            visitor.disconnected.connect(self._forget_gone)
        self._read()

    def _read(self) -> None:
        for visitor in list(self._visitors):
            if visitor.canReadLine():
                self._take(visitor, bytes(visitor.readLine().data()))
            elif visitor.bytesAvailable() > _LONGEST:
                logger.warning("A message of a second start is too long.")
                visitor.abort()

    def _forget_gone(self) -> None:
        for visitor in list(self._visitors):
            if visitor.state() is QLocalSocket.LocalSocketState.UnconnectedState:
                self._visitors.remove(visitor)
                visitor.deleteLater()

    def _take(self, visitor: QLocalSocket, line: bytes) -> None:
        try:
            message = json.loads(line)
            if not isinstance(message, dict):
                raise ValueError("not an object")  # noqa: TRY004, TRY301  one error for every bad message
            reply = self._answer(message)
        except ValueError:
            logger.warning("A message of a second start cannot be understood.")
            visitor.abort()
            return
        visitor.write(reply)
        visitor.flush()
        link = message.get("open")
        if link:
            self.link_requested.emit(link)
        elif link is not None:
            self.raise_requested.emit()

    def _answer(self, message: Message) -> bytes:
        """What is answered; raises `ValueError` for what is neither a link nor an order."""
        if isinstance(message.get("open"), str):
            return _TAKEN
        if "open" in message or self.serve is None:
            raise ValueError("not a message")
        return json.dumps(self.serve(message)).encode() + b"\n"


def _pause(ms: int) -> None:
    waiting = QEventLoop()
    QTimer.singleShot(ms, waiting.quit)
    waiting.exec()
