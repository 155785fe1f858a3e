"""A set-up of queues as TOML (v1.0): the standard library reads that, but does not write it."""

import json
import re
from collections.abc import Mapping, Sequence

from server.contract.queue_setup import QueueSetup

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)

_HEAD = """# Every queue of the PBX: for `linkus-pbx queue import`.
# A queue that does not stand here is removed by that; what is left out has its default value.
"""


def as_toml(setup: QueueSetup) -> str:
    """The set-up, with all values; `QueueSetup` makes the same of it again."""
    options = setup.options.model_dump(mode="json", exclude={"name"}, exclude_none=True)
    parts = [_HEAD, "[options]", *_lines(options)]
    for queue in setup.queues:
        parts += ["", "[[queues]]", *_lines(queue.model_dump(mode="json", exclude_none=True))]
    return "\n".join(parts) + "\n"


def _lines(values: Mapping[str, object]) -> list[str]:
    return [f"{_key(name)} = {_value(value, rows=True)}" for name, value in values.items()]


def _value(value: object, *, rows: bool = False) -> str:
    """A value; `rows`: a list of tables may have a line for each, which an inline table may not hold."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            # JSON escapes what TOML wants escaped, but for one character.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            inner = ", ".join(f"{_key(name)} = {_value(one)}" for name, one in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case Sequence() if rows and value and isinstance(value[0], Mapping):
            return "[\n" + "".join(f"    {_value(one)},\n" for one in value) + "]"
        case Sequence():
            return f"[{', '.join(_value(one) for one in value)}]"
    raise TypeError(f"no queue has a {type(value).__name__}")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)
