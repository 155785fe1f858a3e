"""Reading dialog-info strictly: what RFC 4235, section 4.4, lays down as an XML schema, checked by hand.

Asterisk writes `pvalue` where the schema has `pval`, and `local` before `state`; phones read that, so those
two alone are let pass.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

NAMESPACE = "urn:ietf:params:xml:ns:dialog-info"
CONTENT_TYPE = "application/dialog-info+xml"

_STATES = {"trying", "proceeding", "early", "confirmed", "terminated"}
_EVENTS = {"cancelled", "rejected", "replaced", "local-bye", "remote-bye", "error", "timeout"}
_URI = re.compile(r"(sip|sips|tel):[^\s<>\"]+")

Check = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class DialogInfo:
    """One document.

    Attributes:
        version: of this subscription, rising.
        full: whether it is the whole state, not a part.
        entity: whose dialogs these are.
        state: of its only dialog: `terminated`, `early`, `confirmed`.
        direction: of that dialog; "" if it is not told.
        rendering: whether `+sip.rendering` says that the media is rendered; None: it is not told.
    """

    version: int
    full: bool
    entity: str
    state: str
    direction: str
    rendering: bool | None

    @property
    def lamp(self) -> str:
        """`idle`, `ringing`, `talking` or `held`: what a desk phone makes of it."""
        if self.state == "early":
            return "ringing" if self.direction == "recipient" else "talking"
        if self.state == "confirmed":
            return "held" if self.rendering is False else "talking"
        return "idle"


def read(text: str) -> DialogInfo:
    """Read a document; `AssertionError` for whatever the schema forbids, or for other than one dialog."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise AssertionError(f"not XML: {error}: {text!r}") from None
    _element(root, "dialog-info", {"version": str.isdecimal, "state": {"full", "partial"}.__contains__,
                                   "entity": _is_uri}, required={"version", "state", "entity"},
             children={"dialog": (0, None)})  # fmt: skip
    dialogs = _ours(root)
    if len(dialogs) != 1:
        raise AssertionError(f"{len(dialogs)} dialogs instead of one: {text}")
    (dialog,) = dialogs
    anything: Check = bool
    local_first = [child.tag.rpartition("}")[2] for child in _ours(dialog)][:1] == ["local"]
    _element(dialog, "dialog", {
        "id": anything, "call-id": anything, "local-tag": anything, "remote-tag": anything,
        "direction": {"initiator", "recipient"}.__contains__,
    }, required={"id"}, children={
        **({"local": (0, 1)} if local_first else {}),
        "state": (1, 1), "duration": (0, 1), "replaces": (0, 1), "referred-by": (0, 1),
        "route-set": (0, 1), **({} if local_first else {"local": (0, 1)}), "remote": (0, 1),
    })  # fmt: skip
    state = dialog.find(f"{{{NAMESPACE}}}state")
    if state is None or state.text not in _STATES:
        raise AssertionError(f"no state of a dialog: {text}")
    _element(state, "state", {"event": _EVENTS.__contains__, "code": _is_code}, children={})
    rendering = None
    for side in ("local", "remote"):
        if (party := dialog.find(f"{{{NAMESPACE}}}{side}")) is not None:
            told = _party(party, side)
            rendering = told if side == "local" else rendering
    return DialogInfo(
        int(root.attrib["version"]), root.attrib["state"] == "full", root.attrib["entity"],
        state.text, dialog.get("direction", ""), rendering,
    )  # fmt: skip


def _party(party: Element, side: str) -> bool | None:
    """Check one side of a dialog; what it says of its rendering."""
    _element(party, side, {}, children={
        "identity": (0, 1), "target": (0, 1), "session-description": (0, 1), "cseq": (0, 1),
    })  # fmt: skip
    rendering = None
    for child in _ours(party):
        name = child.tag.rpartition("}")[2]
        if name == "identity":
            _element(child, name, {"display": lambda _: True}, children={})
            if not _is_uri((child.text or "").strip()):
                raise AssertionError(f"an identity that is no URI: {child.text!r}")
        elif name == "target":
            _element(child, name, {"uri": _is_uri}, required={"uri"}, children={"param": (0, None)})
            for param in _ours(child):
                value = "pval" if "pval" in param.attrib else "pvalue"
                _element(param, "param", {"pname": bool, value: bool}, required={"pname", value}, children={})
                if param.attrib["pname"] == "+sip.rendering":
                    words = {"yes": True, "no": False}
                    if param.attrib[value] not in {*words, "unknown"}:
                        raise AssertionError(f"+sip.rendering is {param.attrib[value]!r}")
                    rendering = words.get(param.attrib[value])
    return rendering


def _element(
    element: Element, name: str, attributes: Mapping[str, Check], *,
    children: Mapping[str, tuple[int, int | None]], required: set[str] = frozenset(),  # type: ignore[assignment]
) -> None:  # fmt: skip
    """Name, attributes, and which children come how often, in this order; others only of a foreign space."""
    if element.tag != f"{{{NAMESPACE}}}{name}":
        raise AssertionError(f"{element.tag} where {name} must be")
    if missing := required - element.attrib.keys():
        raise AssertionError(f"{name} lacks {', '.join(sorted(missing))}")
    for key, value in element.attrib.items():
        if not key.startswith("{") and (key not in attributes or not attributes[key](value)):
            raise AssertionError(f"{name} must not have {key}={value!r}")
    seen = [child.tag.rpartition("}")[2] for child in _ours(element)]
    order = list(children)
    for child in seen:
        if child not in children:
            raise AssertionError(f"{name} must not hold {child}")
    if [order.index(child) for child in seen] != sorted(order.index(child) for child in seen):
        raise AssertionError(f"{name} holds {seen} in the wrong order")
    for child, (least, most) in children.items():
        if not least <= seen.count(child) <= (most if most is not None else len(seen)):
            raise AssertionError(f"{name} holds {seen.count(child)} {child}")


def _ours(element: Element) -> list[Element]:
    """Children of this namespace, and of none: those of a foreign one are allowed everywhere."""
    return [child for child in element if child.tag.startswith(f"{{{NAMESPACE}}}") or "}" not in child.tag]


def _is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def _is_code(text: str) -> bool:
    return text.isdecimal() and 100 <= int(text) <= 699
