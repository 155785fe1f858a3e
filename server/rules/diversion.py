"""How a phone is told for whom its call was (RFC 5806)."""

HEADER = "Diversion"
WAITED = "waited"


def diverted(number: str, name: str, *, waited_s: float | None = None) -> dict[str, str]:
    """The header of an INVITE for a call to extension `number` that somebody else is to take.

    Phones show the name, or the number. The address has no host that could be called: numbers are ours.
    `waited_s`: for how long the caller has waited already, where it is a queue that the call was to; an
    extension of the header, which phones that do not know it leave alone.
    """
    quoted = "".join(f"\\{char}" if char in '"\\' else char for char in name if char.isprintable())
    shown = f'"{quoted}" ' if quoted else ""
    waited = "" if waited_s is None else f";{WAITED}={max(0, int(waited_s))}"
    return {HEADER: f"{shown}<sip:{number}@diverted.invalid>;reason=unconditional;counter=1{waited}"}
