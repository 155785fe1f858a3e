"""Every configuration file of the private Asterisk, made from a few values: pure, no I/O.

The engine decides nothing. Its dialplan hands each call to our Stasis application and refuses it with 503
when that is not there; its endpoints are not in these files but pushed while it runs
(`server.switch.asterisk.endpoints` and `trunk_objects`), into memory, so that no SIP secret is ever on disk.
Contacts are kept in its own database, so that phones stay registered across a restart of the engine.

Facts found by trying, with Asterisk 22: the chain of `acl` objects stands in a section of its own in
sorcery.conf, and in `[res_pjsip]` it keeps the module from loading. Its database commits up to a second late,
so a registration of the last second is lost by kill -9. `unidentified_request_count=1` makes Asterisk tell of
each request of an unknown user. A transport that cannot be bound is only logged.
"""

from dataclasses import dataclass, field
from pathlib import Path

from server.switch.asterisk.installation import Installation
from server.switch.asterisk.modules import MODULES
from server.switch.port import DEFAULT_MUSIC, REALM

APPLICATION = "linkus"
"""Name of the Stasis application, and of the user of both control interfaces."""
CONTEXT_IN = "in"
"""Dialplan context in which every call from a phone starts."""
CONTEXT_TRUNK = "trunk"
"""Dialplan context in which every call from a trunk starts."""
CONTEXT_LAMPS = "lamps"
"""Dialplan context with the hints that every extension may subscribe to."""
CONTEXT_MESSAGES = "messages"
"""Dialplan context in which the number of messages in a mailbox is set."""
HINTS_FILE = "hints.conf"
"""File of the contexts with hints (`server.switch.asterisk.lamps`); it changes while the engine runs."""
LEG_VARIABLE = "LINKUS_CONTACT"
"""Channel variable on legs that we dialled: the contact URI. Inbound legs do not have it."""
HELD_VARIABLE = "LINKUS_HELD"
"""Channel variable, `1` while the phone has put the call on hold."""
HELD_BY_US_VARIABLE = "LINKUS_HELD_BY_US"
"""Channel variable, `1` while we hold the call for the extension."""
MEMO_VARIABLE = "LINKUS_MEMO"
"""Channel variable with what a server has noted for a later one."""
TRANSFERS, TRANSFERS_ARE_OURS = "PJSIP_TRANSFER_HANDLING()", "ari-only"
"""Channel function, set on every leg: a REFER does nothing but tell us (SIP-4)."""
TO_VARIABLE = "LINKUS_TO"
"""Channel variable on calls from a trunk: their `To` header."""
ACCOUNT_VARIABLE = "LINKUS_ACCOUNT"
"""Channel variable on calls from a trunk: the user of the contact that it registers, else empty."""
PRIORITY_VARIABLE = "LINKUS_PRIORITY"
"""Channel variable on calls from a trunk: their `Priority` header."""
SOURCE_VARIABLE = "LINKUS_SOURCE"
"""Channel variable on calls from a phone: where the INVITE came from, as `host:port`."""
MUSIC = (DEFAULT_MUSIC,)
"""Classes of music on hold that there are."""
USER_AGENT = "Linkus PBX"
QUALIFY_S = 20
"""How often a phone is asked whether it is there."""
ROUND_TRIP_MS = 200
NO_SIGN_MS = 64 * ROUND_TRIP_MS
"""T1 and timer B of RFC 3261, 17.1.1.2, which has 500 ms and 32 s: who says nothing for so long, not even
100, is not there, and the caller need not wait longer for the next trunk. Asterisk takes no other ratio."""
LOG_FILE = "messages.log"


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """All that the files depend on. Ports are real ones (never 0); `sips_port` None switches TLS off.

    `ari_secret` and `ami_secret` guard the control interfaces, which listen on loopback only.
    """

    folder: Path
    sip_host: str
    sip_port: int
    sips_host: str
    sips_port: int | None
    rtp_low: int
    rtp_high: int
    certificate: Path
    key: Path
    ari_port: int
    ami_port: int
    ari_secret: str = field(repr=False)
    ami_secret: str = field(repr=False)
    external_media_address: str | None = None
    max_files: int = 4096

    @property
    def etc(self) -> Path:
        """Folder of the generated files."""
        return self.folder / "etc"

    @property
    def recordings(self) -> Path:
        """Folder in which Asterisk puts recordings."""
        return self.folder / "spool/recording"

    @property
    def share(self) -> Path:
        """Folder of what Asterisk comes with, and of what it says (`server.switch.asterisk.voices`)."""
        return self.folder / "share"

    @property
    def music(self) -> Path:
        """Folder of the tracks of music on hold."""
        return self.folder / "music"

    @property
    def more_music(self) -> Path:
        """Folder of the folders of all other music, by its name."""
        return self.folder / "more-music"

    @property
    def music_classes(self) -> Path:
        """The file that tells of all other music, which comes and goes while the engine runs."""
        return self.folder / "more-music.conf"

    @property
    def folders(self) -> tuple[Path, ...]:
        """All folders the engine works in; each must exist before it starts."""
        spool = ("spool", "spool/recording")
        names = ("etc", "var", "var/keys", "run", "log", *spool, "music", "more-music", "share")
        return tuple(self.folder / name for name in names)


def files(config: EngineConfig, installation: Installation) -> dict[str, str]:
    """Name and content of every file that belongs in `config.etc`. Some hold secrets: mode 0600."""
    return {
        "asterisk.conf": _asterisk(config, installation),
        "modules.conf": _modules(),
        "logger.conf": _logger(),
        "sorcery.conf": _SORCERY,
        "pjsip.conf": _pjsip(config),
        "pjsip_notify.conf": "",
        "pjproject.conf": "[startup]\nlog_level=2\n",
        "rtp.conf": _rtp(config),
        "extensions.conf": _extensions(),
        "http.conf": _http(config),
        "ari.conf": _ari(config),
        "manager.conf": _manager(config),
        "stasis.conf": _STASIS,
        "musiconhold.conf": _music(config),
        "indications.conf": _INDICATIONS,
        "features.conf": "[general]\n",
        "minivm.conf": "[general]\n",
        "cdr.conf": "[general]\nenable=no\n",
        "cel.conf": "[general]\nenable=no\n",
        "ccss.conf": "[general]\n",
        "udptl.conf": "[general]\n",
        "acl.conf": "",
        "codecs.conf": "",
        "websocket_client.conf": "",
        "dnsmgr.conf": "[general]\nenable=no\n",
    }


def _asterisk(config: EngineConfig, installation: Installation) -> str:
    return f"""\
[directories]
astetcdir => {config.etc}
astmoddir => {installation.modules}
astvarlibdir => {config.folder / "var"}
astdbdir => {config.folder / "var"}
astkeydir => {config.folder / "var"}
astdatadir => {config.share}
astagidir => {config.folder / "var"}
astspooldir => {config.folder / "spool"}
astrundir => {config.folder / "run"}
astlogdir => {config.folder / "log"}
astsbindir => {config.folder / "run"}

[options]
nocolor = yes
hideconnect = yes
highpriority = no
dumpcore = no
live_dangerously = no
languageprefix = yes
defaultlanguage = en
documentation_language = en_US
maxfiles = {config.max_files}
"""


def _modules() -> str:
    loads = "\n".join(f"load => {name}.so" for name in MODULES)
    return f"[modules]\nautoload=no\n{loads}\n"


def _logger() -> str:
    return f"""\
[general]
dateformat=%F %T.%3q
rotatestrategy=rotate
use_callids=yes

[logfiles]
{LOG_FILE} => notice,warning,error
"""


_SORCERY = """\
[res_pjsip]
endpoint=memory
auth=memory
aor=memory
contact=astdb,registrar

[res_pjsip_endpoint_identifier_ip]
identify=memory

[res_pjsip_outbound_registration]
registration=memory

[acl]
acl=memory
"""


def _pjsip(config: EngineConfig) -> str:
    external = ""
    if config.external_media_address:
        # Phones inside private networks are told the real address, the others the one outside.
        nets = "".join(
            f"local_net={net}\n" for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
        )
        address = config.external_media_address
        external = f"external_media_address={address}\nexternal_signaling_address={address}\n{nets}"
    plain = "".join(
        f"""
[{protocol}]
type=transport
protocol={protocol}
bind={_bind(config.sip_host, config.sip_port)}
tos=cs3
allow_reload=no
{external}"""
        for protocol in ("udp", "tcp")
    )
    tls = ""
    if config.sips_port is not None:
        tls = f"""
[tls]
type=transport
protocol=tls
bind={_bind(config.sips_host, config.sips_port)}
cert_file={config.certificate}
priv_key_file={config.key}
method=tlsv1_2
verify_client=no
verify_server=no
tos=cs3
allow_reload=no
{external}"""
    return f"""\
[global]
type=global
user_agent={USER_AGENT}
default_realm={REALM}
endpoint_identifier_order=ip,username,auth_username
contact_expiration_check_interval=1
keep_alive_interval=30
max_initial_qualify_time=5
unidentified_request_count=1
unidentified_request_period=5
send_contact_status_on_update_registration=yes
ignore_uri_user_options=yes

[system]
type=system
timer_t1={ROUND_TRIP_MS}
timer_b={NO_SIGN_MS}
threadpool_initial_size=5
threadpool_auto_increment=5
threadpool_max_size=50
disable_tcp_switch=yes
{plain}{tls}"""


def _bind(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _rtp(config: EngineConfig) -> str:
    return f"""\
[general]
rtpstart={config.rtp_low}
rtpend={config.rtp_high}
strictrtp=yes
icesupport=no
"""


def _music(config: EngineConfig) -> str:
    return music_class(DEFAULT_MUSIC, config.music) + f"#tryinclude {config.music_classes}\n"


def music_class(name: str, folder: Path) -> str:
    """The section of musiconhold.conf for what is played from this folder."""
    return f"[{name}]\nmode=files\ndirectory={folder}\nsort=alpha\n"


def _extensions() -> str:
    # `_.` would also match `h`, which the engine looks for after each hang-up: hence one pattern for what
    # begins like a number and one for words of two characters or more. When the application is not there,
    # Stasis() fails at once and the next priority answers 503 (cause 42, RFC 3398).
    patterns = ("_[0-9+*#]!", "_[a-zA-Z].")
    phones = "\n".join(
        f"exten => {pattern},1,Set({TRANSFERS}={TRANSFERS_ARE_OURS})\n"
        f" same => n,Set({SOURCE_VARIABLE}=${{CHANNEL(pjsip,remote_addr)}})\n"
        f" same => n,Stasis({APPLICATION})\n same => n,Hangup(42)"
        for pattern in patterns
    )
    trunks = "\n".join(
        f"exten => {pattern},1,Set({TO_VARIABLE}=${{PJSIP_HEADER(read,To)}})\n"
        f" same => n,Set({ACCOUNT_VARIABLE}=${{PJSIP_ENDPOINT(${{CHANNEL(endpoint)}},contact_user)}})\n"
        f" same => n,Set({PRIORITY_VARIABLE}=${{PJSIP_HEADER(read,Priority)}})\n"
        f" same => n,Stasis({APPLICATION})\n same => n,Hangup(42)"
        for pattern in patterns
    )
    set_counts = ",0,${NEW},${OLD})\n same => n,"
    messages = (
        f"exten => _X!,1,MinivmMWI({mailbox('${EXTEN}')}{set_counts}"
        f"MinivmMWI({mailbox('${EXTEN}', asked=True)}{set_counts}Hangup()"
    )
    head = "[general]\nstatic=yes\nwriteprotect=yes\n"
    contexts = {CONTEXT_IN: phones, CONTEXT_TRUNK: trunks, CONTEXT_MESSAGES: messages}
    return (
        head
        + "".join(f"\n[{name}]\n{text}\n" for name, text in contexts.items())
        + f'\n#tryinclude "{HINTS_FILE}"\n'
    )


def watcher_context(number: str) -> str:
    """Dialplan context in which the phones of an extension subscribe to lamps."""
    return f"watcher-{number}"


def mailbox(box: str, *, asked: bool = False) -> str:
    """How Asterisk calls a mailbox: one name for phones that are told anyway, another for those that ask.

    With one name for both, Asterisk tells the former of no messages as soon as one of an extension asks.
    """
    return f"{box}@{'asked' if asked else 'default'}"


def _http(config: EngineConfig) -> str:
    return f"""\
[general]
servername={USER_AGENT}
enabled=yes
bindaddr=127.0.0.1
bindport={config.ari_port}
sessionlimit=200
session_inactivity=60000
session_keep_alive=600000
enablestatic=no
"""


_TOLD_VARIABLES = (
    LEG_VARIABLE,
    HELD_VARIABLE,
    HELD_BY_US_VARIABLE,
    MEMO_VARIABLE,
    TO_VARIABLE,
    ACCOUNT_VARIABLE,
    PRIORITY_VARIABLE,
    SOURCE_VARIABLE,
)
"""Channel variables that are told with each channel."""


def _ari(config: EngineConfig) -> str:
    return f"""\
[general]
enabled=yes
pretty=no
websocket_write_timeout=1000
channelvars={",".join(_TOLD_VARIABLES)}

[{APPLICATION}]
type=user
read_only=no
password={config.ari_secret}
"""


def _manager(config: EngineConfig) -> str:
    # For what the REST interface does not tell, or not well: refused requests, phones with their user agent,
    # our registrations at carriers, and digits. Class "system" is needed to list contacts, class
    # "command" to change a line of the dialplan.
    return f"""\
[general]
enabled=yes
webenabled=no
bindaddr=127.0.0.1
port={config.ami_port}
displayconnects=no
timestampevents=no

[{APPLICATION}]
secret={config.ami_secret}
deny=0.0.0.0/0.0.0.0
permit=127.0.0.1/255.255.255.255
read=system,security,dtmf
write=system,command
writetimeout=1000
eventfilter(action(include),name(ContactStatus)) =
eventfilter(action(include),name(Registry)) =
eventfilter(action(include),name(InvalidAccountID)) =
eventfilter(action(include),name(InvalidPassword)) =
eventfilter(action(include),name(ChallengeResponseFailed)) =
eventfilter(action(include),name(DTMFBegin),header(Direction),method(exact)) = Received
eventfilter(action(include),name(DTMFEnd),header(Direction),method(exact)) = Received
eventfilter(action(include),name(FullyBooted)) =
eventfilter(action(include),name(Shutdown)) =
"""


_STASIS = """\
[threadpool]
initial_size=5
idle_timeout_sec=20
max_size=50
"""

_INDICATIONS = """\
[general]
country=eu

[eu]
description=Europe, ITU-T E.180 as recommended by CEPT
ringcadence=1000,4000
dial=425
busy=425/500,0/500
ring=425/1000,0/4000
congestion=425/250,0/250
callwaiting=425/200,0/600,425/200,0/3000
dialrecall=425/200,0/200,425/200,0/200,425/200,0/200,425/1000
record=1400/500,0/15000
info=950/330,1400/330,1800/330,0/1000
"""
