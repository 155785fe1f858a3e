"""The state of the line to the server and of the phone, as a dot with words (AUTH-8, SIP-1)."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from linkus_desktop.pbx.states import ConnectionState
from linkus_desktop.sip.values import Registration
from linkus_desktop.ui.theme import sized, tokens
from linkus_desktop.ui.tokens import TYPE_SMALL

_SERVER_WORDS = {
    ConnectionState.ONLINE: "connected",
    ConnectionState.CONNECTING: "connecting",
    ConnectionState.OFFLINE: "not connected",
    ConnectionState.ENDED: "logged out",
}
_PHONE_WORDS = {
    Registration.REGISTERED: "registered",
    Registration.CONNECTING: "registering",
    Registration.FAILED: "not registered",
    Registration.OFF: "off",
}


class ConnectionDot(QWidget):
    """Green disc: all well. Amber ring: on the way. Red cross: something is missing; the words say what."""

    def __init__(self) -> None:
        super().__init__()
        self._server = ConnectionState.CONNECTING
        self._phone = Registration.OFF
        self._has_phone = True
        self._which = "Phone"
        self._wide = True
        self._why = {"server": "", "phone": ""}
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._follow()

    @property
    def words(self) -> str:
        """The words beside the dot."""
        server, phone = self._server, self._phone
        if server is ConnectionState.ONLINE and (phone is Registration.REGISTERED or not self._has_phone):
            return "Connected"
        if server is ConnectionState.ONLINE:
            return f"{self._which} {self._phone_words}"
        if phone is Registration.REGISTERED:
            return f"Server {_SERVER_WORDS[server]}"
        if ConnectionState.CONNECTING is server:
            return "Connecting…"
        return "No connection"

    @property
    def _phone_words(self) -> str:
        if self._phone is Registration.CONNECTING and self._which != "Phone":
            return "not known yet"  # it registers by itself, and the server has not said whether it did
        return _PHONE_WORDS[self._phone]

    @property
    def well(self) -> bool:
        """Whether everything is there."""
        return self.words == "Connected"

    def set_server(self, state: ConnectionState, why: str = "") -> None:
        """The line to the server changed."""
        self._server, self._why["server"] = state, why
        self._follow()

    def set_phone(self, state: Registration, why: str = "") -> None:
        """The phone's registration changed."""
        self._phone, self._why["phone"] = state, why
        self._follow()

    def set_desk_phone(self, desk: bool) -> None:
        """Whether it is the desk phone that calls are made with (SIP-11)."""
        self._which = "Desk phone" if desk else "Phone"
        self._follow()

    def set_has_phone(self, has: bool) -> None:
        """An administrator may have no phone at all."""
        self._has_phone = has
        self._follow()

    def set_wide(self, wide: bool) -> None:
        """With its words, or the dot alone (the words are in the tooltip)."""
        self._wide = wide
        self._follow()

    def sizeHint(self) -> QSize:
        """As wide as its words."""
        if not self._wide:
            return QSize(18, 32)
        return QSize(QFontMetrics(sized(self.font(), TYPE_SMALL)).horizontalAdvance(self.words) + 24, 32)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dot and words."""
        painter, t = QPainter(self), tokens(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dot = QRectF(4, (self.height() - 10) / 2, 10, 10)
        if self.well:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.lamp_idle))
            painter.drawEllipse(dot)
        elif self._trying():
            painter.setPen(QPen(QColor(t.lamp_ringing), 2))
            painter.drawEllipse(dot.adjusted(1, 1, -1, -1))
        else:
            pen = QPen(QColor(t.lamp_talking), 2.5)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            cross = dot.adjusted(1, 1, -1, -1)
            painter.drawLine(cross.topLeft(), cross.bottomRight())
            painter.drawLine(cross.topRight(), cross.bottomLeft())
        if not self._wide:
            return
        painter.setFont(sized(self.font(), TYPE_SMALL))
        painter.setPen(QColor(t.muted if self.well else t.text))
        painter.drawText(self.rect().adjusted(20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.words)

    def _trying(self) -> bool:
        return Registration.FAILED is not self._phone and self._server in {
            ConnectionState.CONNECTING,
            ConnectionState.ONLINE,
        }

    def _follow(self) -> None:
        server = f"Server: {_SERVER_WORDS[self._server]}"
        phone = (
            f"{self._which}: {self._phone_words}" if self._has_phone else "No phone belongs to this account"
        )
        whole = "\n".join(
            f"{words} – {why}" if why else words
            for words, why in ((server, self._why["server"]), (phone, self._why["phone"]))
        )
        self.setToolTip(whole)
        self.setAccessibleName(f"{self.words}. {whole}")
        self.updateGeometry()
        self.setFixedSize(self.sizeHint())
        self.update()
