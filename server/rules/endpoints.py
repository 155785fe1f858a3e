"""Kinds of endpoint, told by what a phone calls itself when it registers (PRES-4)."""

from server.contract.reaching import EndpointKind

_PRODUCTS = (
    ("linkus desktop", EndpointKind.DESKTOP),
    ("linkus mobile", EndpointKind.MOBILE),
    ("linkus web", EndpointKind.WEB),
)


def kind_of(user_agent: str) -> EndpointKind:
    """The kind of the phone with this User-Agent (RFC 3261, 20.41); any other program is a desk phone."""
    product = user_agent.strip().casefold()
    return next(
        (kind for name, kind in _PRODUCTS if product.startswith(name)), EndpointKind.EXTENSION_ENDPOINT
    )
