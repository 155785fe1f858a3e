"""Asterisk as it would be without us: static accounts and a dialplan of two lines.

The same binary as the product's, so that what is measured beside it is the product and nothing else.
"""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from server.switch.asterisk.installation import Installation
from tests.phones.phone import Line
from tests.phones.ports import LOOPBACK, free_port
from tests.phones.program import Program

_MODULES = (
    "res_timing_timerfd", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb", "res_pjproject",
    "res_pjsip", "res_pjsip_pubsub", "res_pjsip_session", "res_pjsip_sdp_rtp",
    "res_pjsip_authenticator_digest",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_registrar", "res_pjsip_nat", "res_pjsip_caller_id",
    "res_pjsip_rfc3326", "res_pjsip_dtmf_info", "func_pjsip_aor", "func_pjsip_contact", "func_pjsip_endpoint",
    "res_rtp_asterisk", "res_srtp", "res_crypto", "chan_pjsip", "bridge_simple", "bridge_softmix",
    "bridge_native_rtp", "codec_ulaw", "codec_alaw", "codec_g722", "codec_resample",
    "format_pcm", "format_wav",
    "pbx_config", "app_dial", "res_pjsip_outbound_publish", "res_pjsip_exten_state",
    "res_pjsip_dialog_info_body_generator", "app_queue", "res_musiconhold", "bridge_holding",
)  # fmt: skip


class PlainAsterisk:
    """A running one, as an async context manager.

    Attributes:
        port: SIP, UDP and TCP, on the loopback address.
    """

    def __init__(
        self,
        installation: Installation,
        folder: Path,
        lines: dict[str, str],
        rtp: tuple[int, int],
        *,
        queue: str = "",
        agents: Sequence[str] = (),
    ) -> None:
        """`lines`: number and secret of each phone; `rtp`: first and last port of media.

        `queue`: the number of a queue with these `agents`; "": there is none.
        """
        self.installation = installation
        self.folder = folder
        self.port = free_port()
        self._rtp = rtp
        self._queue = queue
        self._agents = agents
        self._secrets = lines
        self._program: Program | None = None

    async def __aenter__(self) -> Self:
        self._configure()
        self._program = await Program.start(
            "asterisk",
            [*self.installation.command, "-f", "-vvv", "-C", str(self.folder / "asterisk.conf"), "-c"],
            folder=self.folder,
        )
        await self._program.expect("Asterisk Ready", timeout_s=20)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program:
            await self._program.stop()

    def line(self, number: str) -> Line:
        """What a phone needs to register as this number."""
        return Line(number, self._secrets[number], LOOPBACK, self.port)

    def _configure(self) -> None:
        for name in ("var", "log", "run", "spool", "keys", "db"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        files = {
            "asterisk.conf": (
                f"[directories]\nastetcdir => {self.folder}\nastmoddir => {self.installation.modules}\n"
                f"astvarlibdir => {self.folder}/var\nastdbdir => {self.folder}/db\n"
                f"astkeydir => {self.folder}/keys\n"
                f"astdatadir => {self.installation.data}\nastagidir => {self.folder}/var\n"
                f"astspooldir => {self.folder}/spool\nastrundir => {self.folder}/run\n"
                f"astlogdir => {self.folder}/log\nastsbindir => {self.folder}\n"
            ),
            "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load => {name}.so\n" for name in _MODULES),
            "logger.conf": "[general]\n[logfiles]\nconsole => notice,warning,error\n",
            "rtp.conf": f"[general]\nrtpstart={self._rtp[0]}\nrtpend={self._rtp[1]}\n",
            "pjsip.conf": self._pjsip(),
            "queues.conf": self._queues(),
            "musiconhold.conf": (
                f"[default]\nmode=files\ndirectory={self.installation.data}/moh\nsort=alpha\n"
            ),
            "extensions.conf": (
                f"[phones]\n{self._answering()}"
                "exten => _X.,1,Dial(PJSIP/${EXTEN},30)\n same => n,Hangup()\n"
                "exten => _X.,hint,PJSIP/${EXTEN}\n"
            ),
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def _queues(self) -> str:
        """A queue that is as quick as it can be: it serves all callers at once, and rings who is idle."""
        if not self._queue:
            return "[general]\n"
        members = "".join(f"member => PJSIP/{agent}\n" for agent in self._agents)
        return (
            f"[general]\nautofill=yes\n[{self._queue}]\nstrategy=leastrecent\ntimeout=15\nretry=1\n"
            f"wrapuptime=0\nautofill=yes\nringinuse=no\njoinempty=yes\nmusicclass=default\n{members}"
        )

    def _answering(self) -> str:
        if not self._queue:
            return ""
        return f"exten => {self._queue},1,Answer()\n same => n,Queue({self._queue})\n same => n,Hangup()\n"

    def _pjsip(self) -> str:
        parts = [
            f"[udp]\ntype=transport\nprotocol=udp\nbind={LOOPBACK}:{self.port}\n",
            f"[tcp]\ntype=transport\nprotocol=tcp\nbind={LOOPBACK}:{self.port}\n",
        ]
        for number, secret in self._secrets.items():
            parts.append(
                f"[{number}]\ntype=endpoint\ncontext=phones\ndisallow=all\nallow=g722,alaw,ulaw\nauth={number}\n"
                f"aors={number}\ndirect_media=no\nrtp_symmetric=yes\ncallerid=Phone {number} <{number}>\n"
                f"[{number}]\ntype=auth\nauth_type=digest\nusername={number}\npassword={secret}\n"
                f"[{number}]\ntype=aor\nmax_contacts=10\n"
            )
        return "\n".join(parts)
