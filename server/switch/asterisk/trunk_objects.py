"""A trunk as the objects that Asterisk's SIP stack works with: auth, aor, endpoint, identify, registration.

They are pushed over the REST interface into the engine's memory. The secret is among them in clear: a hash
would need the carrier's realm, which nobody knows before its first challenge. It is never on disk.

Seen on the wire with Asterisk 22:

- An endpoint with `identify_by=ip` is never found by a user name, so nobody can claim to be a trunk.
- A change of an aor or an identify object adds to its contacts and addresses, and the old ones go on
  working; a change of a registration is not acted on. So these are removed first if they change.
- A new secret in the same auth object is not noticed by a registration either: the auth object is named
  after what is in it.
- A change of an endpoint takes its other fields from what Asterisk wrote, which it cannot always read back:
  with `set_var` the change fails, and an empty `callerid` becomes "unknown" unless it is said again.
- A host name that cannot be resolved is refused in an identify object, and taken in all others.
- A withdrawn registration answers its last challenge with the auth object: that must outlive it a little.
"""

import hashlib
import ipaddress
from dataclasses import astuple
from urllib.parse import quote

from server.switch.asterisk.config import CONTEXT_TRUNK, QUALIFY_S
from server.switch.asterisk.endpoints import RTP_TIMEOUT_HOLD_S, RTP_TIMEOUT_S, Fields, encryption
from server.switch.port import CallerIdPolicy, SipTrunk, TrunkKind

PREFIX = "trunk-"
"""Begins the id of every object of a trunk; extensions are numbers."""
RETRY_S = 20
"""After a registrar that does not answer, or cannot just now."""
REFUSED_RETRY_S = 300
"""After a registrar that refuses us: quicker might get the account, or us, locked out."""
ENDLESS = 1_000_000
UNFINISHED = "unfinished"
"""Fingerprint of a trunk that is being set up."""
SHORTEST_EXPIRY_S = 10
QUALIFY_TIMEOUT_S = 3.0


def endpoint_id(name: str) -> str:
    """Id of a trunk's endpoint, aor, identify and registration."""
    return PREFIX + name


def trunk_name(resource: str) -> str:
    """The trunk whose endpoint this is; "" if it is one of an extension."""
    return resource.removeprefix(PREFIX) if resource.startswith(PREFIX) else ""


def fingerprint(trunk: SipTrunk) -> str:
    """Tells whether two trunks are equal, the secret included, without telling what is in them."""
    return hashlib.sha256(repr(astuple(trunk)).encode()).hexdigest()[:32]


def auth_id(trunk: SipTrunk) -> str:
    """Id of the auth object: another one for other credentials."""
    credentials = hashlib.sha256(repr((trunk.username, trunk.secret)).encode()).hexdigest()
    return f"{endpoint_id(trunk.name)}-{credentials[:16]}"


def server_uri(trunk: SipTrunk, user: str = "") -> str:
    """The carrier, or `user` there, as it is sent to."""
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    transport = "" if trunk.transport == "udp" else f";transport={trunk.transport}"
    at = f"{quote(user, safe='+*')}@" if user else ""
    return f"sip:{at}{host}:{trunk.port}{transport}"


def client_uri(trunk: SipTrunk) -> str:
    """Our address of record at the carrier (RFC 3261, section 10.2)."""
    domain = trunk.domain or trunk.host
    host = f"[{domain}]" if ":" in domain else domain
    return f"sip:{quote(trunk.username, safe='+*')}@{host}"


def contact_user(trunk: SipTrunk) -> str:
    """User of the contact that we register, to which a registrar may send calls."""
    return quote(trunk.username, safe="+*")


def auth_fields(trunk: SipTrunk) -> Fields:
    """Fields of the auth object, for what the carrier asks of us. No realm: any is answered."""
    return {"auth_type": "userpass", "username": trunk.username, "password": trunk.secret}


def aor_fields(trunk: SipTrunk) -> Fields:
    """Fields of the address of record: where the carrier is, and how often it is asked if it is there."""
    return {
        "contact": server_uri(trunk),
        "qualify_frequency": str(QUALIFY_S if trunk.qualify else 0),
        "qualify_timeout": str(QUALIFY_TIMEOUT_S),
        "max_contacts": "0",  # none may register here
    }


def endpoint_fields(trunk: SipTrunk, *, finished: bool) -> Fields:
    """Fields of the endpoint object.

    `accountcode` is the fingerprint once everything else is set up: by it a later server compares.
    """
    return {
        "context": CONTEXT_TRUNK,
        "aors": endpoint_id(trunk.name),
        "identify_by": "ip",
        "transport": trunk.transport,
        "accountcode": fingerprint(trunk) if finished else UNFINISHED,
        "disallow": "all",
        "allow": ",".join(trunk.codecs),
        "direct_media": "no",
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "dtmf_mode": "auto_info",
        "send_pai": "no" if trunk.caller_id is CallerIdPolicy.FROM else "yes",
        "trust_id_inbound": "yes",
        "trust_id_outbound": "yes",
        "send_connected_line": "no",
        "rtp_timeout": str(RTP_TIMEOUT_S),
        "rtp_timeout_hold": str(RTP_TIMEOUT_HOLD_S),
        "timers": "yes",
        "language": "en",
        "allow_transfer": "no",
        "allow_subscribe": "no",
        "tos_audio": "ef",
        "user_eq_phone": "no",
        # Empty fields count: they end what an earlier version of the trunk had.
        "outbound_auth": auth_id(trunk) if trunk.username else "",
        "from_domain": trunk.domain,
        "from_user": trunk.username if trunk.caller_id is CallerIdPolicy.ACCOUNT else "",
        "contact_user": contact_user(trunk) if registers(trunk) else "",
        "callerid": "",
        **encryption(trunk.srtp),
    }


def identify_fields(trunk: SipTrunk) -> Fields:
    """Fields of the identify object: from where requests are this trunk's."""
    sources = [trunk.host, *trunk.addresses]
    return {
        "endpoint": endpoint_id(trunk.name),
        "match": ",".join(_source(source, trunk.port) for source in sources),
        "srv_lookups": "no",
    }


def registration_fields(trunk: SipTrunk) -> Fields:
    """Fields of the registration object of a trunk that registers."""
    return {
        "server_uri": server_uri(trunk),
        "client_uri": client_uri(trunk),
        "contact_user": contact_user(trunk),
        "outbound_auth": auth_id(trunk),
        "transport": trunk.transport,
        "expiration": str(max(trunk.expires_s, SHORTEST_EXPIRY_S)),
        "retry_interval": str(RETRY_S),
        "forbidden_retry_interval": str(REFUSED_RETRY_S),
        "fatal_retry_interval": str(REFUSED_RETRY_S),
        "auth_rejection_permanent": "no",
        "max_retries": str(ENDLESS),
        "max_random_initial_delay": "1",
        "line": "no",
    }


COMPARED = ("server_uri", "client_uri", "contact_user", "outbound_auth", "transport", "expiration")
"""Fields of a registration that Asterisk gives back as they were: equal ones, and it need not be remade."""


def registers(trunk: SipTrunk) -> bool:
    """Whether it is one that registers."""
    return trunk.kind is TrunkKind.REGISTER


def _source(source: str, port: int) -> str:
    """Everything on this machine shares the loopback addresses: there the port tells who it is."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    if not address.is_loopback:
        return source
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
