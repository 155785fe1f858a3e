"""PJSIP's side of a call: its callbacks made plain, and every operation guarded by its state.

PJSIP aborts the process on misuse, so nothing here is called on a call that is not active any more.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pjsua2 as pj

from linkus_desktop.sip.threads import pj_callback

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TransactionEvent:
    """A SIP transaction of a call moved on.

    `key` is the same for all events of one transaction. `ours`: we sent the request. `message`: what came in
    and caused it, else empty. `local_failure`: it ended because nothing got through (time-out or broken
    transport).
    """

    key: int
    method: str
    ours: bool
    code: int
    final: bool
    message: str
    local_failure: bool


class Listener(Protocol):
    """Who hears of a PJSIP call."""

    def on_state(self, info: pj.CallInfo) -> None:
        """The INVITE session changed."""

    def on_media(self, info: pj.CallInfo) -> None:
        """Media were negotiated."""

    def on_transaction(self, event: TransactionEvent) -> None:
        """A transaction moved on."""


class PjCall(pj.Call):  # type: ignore[misc]
    """A PJSIP call. Dropping the last reference to one that is alive hangs it up."""

    def __init__(self, account: pj.Account, listener: Listener, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(account, call_id)
        self._listener: Listener | None = listener

    def forget_listener(self) -> None:
        """Tell nobody any more."""
        self._listener = None

    def dial(self, uri: str) -> None:
        """Send the INVITE. Raises `pj.Error`."""
        self.makeCall(uri, pj.CallOpParam(True))

    def respond(self, code: int) -> None:
        """Answer the INVITE with `code`."""
        self._try("answer", lambda: self.answer(_param(code)))

    def finish(self, code: int) -> None:
        """End it: CANCEL, BYE, or a refusal with `code`; 0 lets PJSIP choose."""
        self._try("hang up", lambda: self.hangup(_param(code)))

    def offer_hold(self) -> bool:
        """Offer `sendonly` (RFC 3264, 8.4). False: not possible right now."""
        return self._try("hold", lambda: self.setHold(pj.CallOpParam(True)))

    def offer_resume(self) -> bool:
        """Offer `sendrecv` again. False: not possible right now."""
        param = pj.CallOpParam(True)
        param.opt.flag |= pj.PJSUA_CALL_UNHOLD
        return self._try("resume", lambda: self.reinvite(param))

    def refer(self, uri: str) -> bool:
        """Ask for the other end to be connected with `uri` (RFC 3515). False: not possible right now."""
        return self._try("transfer", lambda: self.xfer(f"<{uri}>", pj.CallOpParam(True)))

    def refer_replacing(self, other: "PjCall") -> bool:
        """Ask for the other end to take our place in `other` (RFC 3891). False: not possible right now."""
        if not other.isActive():
            return False
        return self._try("transfer", lambda: self.xferReplaces(other, pj.CallOpParam(True)))

    def send_dtmf(self, digits: str) -> None:
        """RFC 4733 if the other end takes it, else SIP INFO."""
        param = pj.CallSendDtmfParam()
        param.digits = digits
        param.method = (
            pj.PJSUA_DTMF_METHOD_RFC2833 if self._takes_rfc4733() else pj.PJSUA_DTMF_METHOD_SIP_INFO
        )
        self._try("send DTMF", lambda: self.sendDtmf(param))

    def audio(self) -> pj.AudioMedia | None:
        """The first stream that has sound now, None without one."""
        index = self.audio_index()
        return None if index is None else self.getAudioMedia(index)

    def audio_index(self, *, also_held: bool = False) -> int | None:
        """Index of the first audio stream that plays; with `also_held`, one that we put on hold will do."""
        if not self.isActive():
            return None
        info = self.getInfo()  # held in a variable: `media` lives in it
        wanted = {pj.PJSUA_CALL_MEDIA_ACTIVE, pj.PJSUA_CALL_MEDIA_REMOTE_HOLD}
        if also_held:
            wanted.add(pj.PJSUA_CALL_MEDIA_LOCAL_HOLD)
        for media in info.media:
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status in wanted:
                return int(media.index)
        return None

    @pj_callback
    def onCallState(self, prm: pj.OnCallStateParam) -> None:  # noqa: ARG002
        """PJSIP: the INVITE session changed."""
        if self._listener is not None:
            self._listener.on_state(self.getInfo())

    @pj_callback
    def onCallMediaState(self, prm: pj.OnCallMediaStateParam) -> None:  # noqa: ARG002
        """PJSIP: media were negotiated."""
        if self._listener is not None:
            self._listener.on_media(self.getInfo())

    @pj_callback
    def onCallTsxState(self, prm: pj.OnCallTsxStateParam) -> None:
        """PJSIP: a transaction moved on."""
        if self._listener is None:
            return
        change = prm.e.body.tsxState
        transaction = change.tsx
        received = change.type == pj.PJSIP_EVENT_RX_MSG
        self._listener.on_transaction(
            TransactionEvent(
                key=int(transaction.pjTransaction),
                method=transaction.method,
                ours=transaction.role == pj.PJSIP_ROLE_UAC,
                code=transaction.statusCode,
                final=transaction.state in (pj.PJSIP_TSX_STATE_COMPLETED, pj.PJSIP_TSX_STATE_TERMINATED),
                message=change.src.rdata.wholeMsg if received else "",
                local_failure=change.type in (pj.PJSIP_EVENT_TIMER, pj.PJSIP_EVENT_TRANSPORT_ERROR),
            )
        )

    @pj_callback
    def onCallTransferRequest(self, prm: pj.OnCallTransferRequestParam) -> None:
        """PJSIP: the other end wants us to call somebody. Only the PBX connects calls: PJSIP would dial."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    @pj_callback
    def onCallReplaceRequest(self, prm: pj.OnCallReplaceRequestParam) -> None:
        """PJSIP: an INVITE wants to take this call over. Refused for the same reason."""
        prm.statusCode = pj.PJSIP_SC_DECLINE

    def _takes_rfc4733(self) -> bool:
        """Whether the stream sends (also in a call that we hold) and the other end takes telephone events."""
        index = self.audio_index(also_held=True)
        try:
            if index is None:
                return False
            stream = self.getStreamInfo(index)
        except pj.Error:
            return False
        return bool(stream.audTxEventPt > 0 and stream.dir & pj.PJMEDIA_DIR_ENCODING)

    def _try(self, what: str, operation: Callable[[], None]) -> bool:
        if not self.isActive():
            return False
        try:
            operation()
        except pj.Error as error:
            _log.info("Could not %s: %s", what, error.reason)
            return False
        return True


def _param(code: int) -> pj.CallOpParam:
    param = pj.CallOpParam()
    param.statusCode = code
    return param
