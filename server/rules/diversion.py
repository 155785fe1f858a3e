"""How a phone is told for whom its call was (RFC 5806)."""

HEADER = "Diversion"


def diverted(number: str, name: str) -> dict[str, str]:
    """The header of an INVITE for a call to extension `number` that somebody else is to take.

    Phones show the name, or the number. The address has no host that could be called: numbers are ours.
    """
    quoted = "".join(f"\\{char}" if char in '"\\' else char for char in name if char.isprintable())
    shown = f'"{quoted}" ' if quoted else ""
    return {HEADER: f"{shown}<sip:{number}@diverted.invalid>;reason=unconditional;counter=1"}
