"""Addresses as mail servers take them; of `base.Email` only the outer form is checked."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def address_problem(address: str) -> str:
    """Why no mail can go to this address (RFC 5321 without quoted parts); "": it can."""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or len(local) > 64:
        return "is no e-mail address: it must look like name@example.com, in plain letters and digits"
    if len(domain) > 253 or not all(_LABEL.fullmatch(label) for label in domain.split(".")):
        return f"is no e-mail address: {domain[:80]!r} is no name of a mail domain"
    return ""


def _usable(address: str) -> str:
    if problem := address_problem(address):
        raise ValueError(problem)
    return address


def _usable_or_none(address: str) -> str:
    return _usable(address) if address else ""


MailAddress = Annotated[str, Field(max_length=254), AfterValidator(_usable)]
"""An address that mail can be sent to, or from."""

OptionalMailAddress = Annotated[str, Field(max_length=254), AfterValidator(_usable_or_none)]
"""The same, or empty: none is given."""
