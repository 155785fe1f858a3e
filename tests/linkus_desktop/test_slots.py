"""House rule: no slot keeps its object alive, or runs after its object is gone."""

import ast
from pathlib import Path

import linkus_desktop

ROOT = Path(linkus_desktop.__file__).parent


def lambdas_as_slots(path: Path) -> list[str]:
    """Where a signal is connected to a lambda: the signal owns it, and all that it captured.

    A captured window lives on with its child's signal, and one that Qt deleted is still called; a method of
    the receiver is held weakly and disconnected with it.
    """
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "connect"
        and any(isinstance(argument, ast.Lambda) for argument in node.args)
    ]


def test_no_signal_is_connected_to_a_lambda() -> None:
    found = [place for path in sorted(ROOT.rglob("*.py")) for place in lambdas_as_slots(path)]
    assert found == []
