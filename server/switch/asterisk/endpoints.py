"""An extension as the objects that Asterisk's SIP stack works with: auth, aor, endpoint.

They are pushed over the REST interface into the engine's memory and hold no clear secret: the digest
secret is given as HA1 (RFC 7616, section 3.4.2).

Seen on the wire with Asterisk 22:

- `allow` restricts the codecs, in offers and in answers; `formats` of an originate only puts them in order.
- Optional encryption (`sdes` and optimistic) offers `RTP/AVP` with `a=crypto` lines, and takes a phone with
  keys or without; mandatory offers `RTP/SAVP` and refuses a phone without keys with 488.
- A phone that registered over TCP or TLS has a contact with its connection's own port. The contact goes as
  soon as the connection closes, and when the engine starts anew; one over UDP outlives both.
- `dtmf_mode=auto_info` sends telephone events, or INFO where the phone offers none; INFO is taken always.
- The contact of a phone is `Removed` about a second after it expired.
- An acl object is in force for the next request; making one is answered 500 all the same, since Asterisk
  cannot describe what it made. Requests from a denied address get 403.
"""

import hashlib

from server.contract.extensions import SrtpMode
from server.switch.asterisk.config import CONTEXT_IN, QUALIFY_S, mailbox, watcher_context
from server.switch.port import REALM, SipEndpoint

RTP_TIMEOUT_S = 30
RTP_TIMEOUT_HOLD_S = 900
"""Phones that are on hold may send nothing at all."""
DEFAULT_EXPIRY_S = 120
LONGEST_EXPIRY_S = 3600
SHORTEST_EXPIRY_S = 5
SHORTEST_SUBSCRIPTION_S = 30
"""A phone that wants its subscription renewed more often is told so (423)."""
BLOCK_OBJECT = "linkus-blocked"

Fields = dict[str, str]


def caller_name(name: str) -> str:
    """A display name as it can stand in `"name" <number>` for Asterisk, which knows no way to escape."""
    cleaned = "".join(
        " " if character in '"<>\\' or not character.isprintable() else character for character in name
    )
    return " ".join(cleaned.split())


def caller_id(number: str, name: str) -> str:
    """`"name" <number>`, or the number alone."""
    cleaned = caller_name(name)
    return f'"{cleaned}" <{number}>' if cleaned else f"<{number}>"


def ha1(username: str, secret: str) -> str:
    """Hash of the credentials as digest authentication wants it (MD5, as every phone has it)."""
    return hashlib.md5(f"{username}:{REALM}:{secret}".encode(), usedforsecurity=False).hexdigest()


def auth_fields(endpoint: SipEndpoint) -> Fields:
    """Fields of the auth object."""
    return {
        "auth_type": "md5",
        "username": endpoint.number,
        "realm": REALM,
        "md5_cred": ha1(endpoint.number, endpoint.secret),
    }


def aor_fields(endpoint: SipEndpoint) -> Fields:
    """Fields of the address of record: where the phones of an extension register.

    A phone too many takes the place of one that does not answer, else of the one that expires first.
    """
    return {
        "max_contacts": str(endpoint.max_contacts),
        "remove_existing": "yes",
        "remove_unavailable": "yes",
        "default_expiration": str(DEFAULT_EXPIRY_S),
        "minimum_expiration": str(SHORTEST_EXPIRY_S),
        "maximum_expiration": str(LONGEST_EXPIRY_S),
        "qualify_frequency": str(QUALIFY_S),
        "qualify_timeout": "3.0",
        "support_path": "no",
        "mailboxes": mailbox(endpoint.number, asked=True),
    }


def agrees(told: Fields, wanted: Fields) -> bool:
    """Whether an object, as Asterisk tells of it, has these fields: it writes them in its own way."""
    return all(_plain(told.get(name, "")) == _plain(value) for name, value in wanted.items())


def _plain(value: str) -> str | float:
    try:
        return float(value)
    except ValueError:
        return {"yes": "true", "no": "false"}.get(value, value)


def endpoint_fields(endpoint: SipEndpoint) -> Fields:
    """Fields of the endpoint object. `allow` restricts the codecs, in that order of preference."""
    return {
        "context": CONTEXT_IN,
        "auth": endpoint.number,
        "aors": endpoint.number,
        "callerid": caller_id(endpoint.number, endpoint.display_name),
        "identify_by": "username,auth_username",
        "disallow": "all",
        "allow": ",".join(endpoint.codecs),
        "direct_media": "no",
        "rtp_symmetric": "yes",
        "force_rport": "yes",
        "rewrite_contact": "yes",
        "dtmf_mode": "auto_info",
        "send_pai": "yes",
        "trust_id_inbound": "no",
        "trust_id_outbound": "yes",
        "send_connected_line": "no",
        "rtp_timeout": str(RTP_TIMEOUT_S),
        "rtp_timeout_hold": str(RTP_TIMEOUT_HOLD_S),
        "timers": "yes",
        "language": "en",
        "allow_transfer": "yes",
        "allow_subscribe": "yes",
        "subscribe_context": watcher_context(endpoint.number),
        "sub_min_expiry": str(SHORTEST_SUBSCRIPTION_S),
        "mailboxes": mailbox(endpoint.number),
        "tos_audio": "ef",
        "user_eq_phone": "no",
        **encryption(endpoint.srtp),
    }


def encryption(mode: SrtpMode) -> Fields:
    """Fields by which an endpoint encrypts its media."""
    if mode is SrtpMode.OFF:
        return {"media_encryption": "no", "media_encryption_optimistic": "no"}
    return {
        "media_encryption": "sdes",
        "media_encryption_optimistic": "yes" if mode is SrtpMode.OPTIONAL else "no",
    }


def body(fields: Fields) -> dict[str, list[dict[str, str]]]:
    """Fields as the REST interface takes them."""
    return {"fields": [{"attribute": name, "value": value} for name, value in fields.items()]}
