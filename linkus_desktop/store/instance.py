"""One running program per data folder: a second start gives the first what it was started for."""

import hashlib
import json
import logging
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop, QLockFile, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

logger = logging.getLogger(__name__)

ANSWER_MS = 5_000
"""How long a second start waits for the first; one that has just begun needs a second or two."""
_RETRY_MS = 100
_LONGEST = 16_384
"""Bytes of a message that are read; longer ones are refused."""
_TAKEN = b"taken\n"


class Claim(Enum):
    """What came of claiming a folder."""

    OURS = auto()
    HANDED_OVER = auto()
    """Another program has it, was asked to show its window, and took the link if there was one."""
    NO_ANSWER = auto()
    """Another program has it, but did not answer."""


class SingleInstance(QObject):
    """The claim to a data folder. The lock file decides; the local socket only carries the message.

    Signals:
        raise_requested(): somebody started the program again.
        link_requested(str): likewise, with a link to open.
    """

    raise_requested = Signal()
    link_requested = Signal(str)

    def __init__(self, folder: Path, parent: QObject | None = None, *, answer_ms: int = ANSWER_MS) -> None:
        super().__init__(parent)
        self._name = f"linkus-desktop-{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:24]}"
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

    def _hand_over(self, link: str, deadline: QDeadlineTimer) -> bool:
        """Whether the running program said that it took the message."""
        socket = QLocalSocket()
        waiting = QEventLoop()
        for signal in (socket.readyRead, socket.disconnected):
            signal.connect(waiting.quit)
        socket.connectToServer(self._name)
        if not socket.waitForConnected(max(1, deadline.remainingTime())):
            logger.info("The running program does not listen: %s", socket.errorString())
            return False
        socket.write(json.dumps({"open": link}).encode() + b"\n")
        QTimer.singleShot(max(1, deadline.remainingTime()), waiting.quit)
        waiting.exec()
        taken = bytes(socket.readAll().data()) == _TAKEN
        socket.abort()
        return taken

    def _on_connection(self) -> None:
        while (visitor := self._server.nextPendingConnection()) is not None:
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
            link = json.loads(line)["open"]
        except (ValueError, TypeError, KeyError):
            link = None
        if not isinstance(link, str):
            logger.warning("A message of a second start cannot be understood.")
            visitor.abort()
            return
        visitor.write(_TAKEN)
        visitor.flush()
        if link:
            self.link_requested.emit(link)
        else:
            self.raise_requested.emit()


def _pause(ms: int) -> None:
    waiting = QEventLoop()
    QTimer.singleShot(ms, waiting.quit)
    waiting.exec()
