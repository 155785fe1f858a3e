"""What a caller-ID pattern means: server and client have to agree (DIR-5)."""

import re
from functools import lru_cache

_PARTS = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
_TOKEN = re.compile(r"\[[^\]]*\]|.", re.DOTALL)


def matches(pattern: str, number: str) -> bool:
    """Whether a pattern (see `CallerRule.pattern`) fits the whole of a number; `+` stands for itself."""
    return _compiled(pattern).fullmatch(number) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (
        token if token.startswith("[") else _PARTS.get(token) or re.escape(token)
        for token in _TOKEN.findall(pattern)
    )
    return re.compile("".join(parts), re.ASCII | re.DOTALL)
