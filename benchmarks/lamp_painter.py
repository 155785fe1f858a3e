"""The client, telling when it has painted a lamp: `python -m benchmarks.lamp_painter FILE DATA`.

For `benchmarks.lamps`. It is the whole program, logged in by a line of JSON on standard input as with
`linkus-desktop --login-stdin`; FILE gets a line of JSON for each function key whose lamp looks different:
`[position, lamp, moment]`, the moment that at which its `paintEvent` was over, on the monotonic clock. Before
it stands `[number, "", moment]`: when the client took the change of that extension from the line.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from PySide6.QtGui import QPaintEvent

from linkus_desktop.__main__ import main as client
from linkus_desktop.pbx.live import LiveTopic
from linkus_desktop.ui.keys.button import KeyButton
from linkus_desktop.ui.lamps import Lamp
from server.contract.events import Topic


def main() -> int:
    """Run the client until it is ended."""
    file, data = sys.argv[1:]
    shown: dict[int, Lamp] = {}
    paint, take = KeyButton.paintEvent, LiveTopic.take_delta

    with Path(file).open("w", buffering=1) as told:

        def painted(button: KeyButton, event: QPaintEvent) -> None:
            paint(button, event)
            at, face = time.monotonic(), button.face
            if face is not None and face.lamp is not None and shown.get(button.row) is not face.lamp:
                shown[button.row] = face.lamp
                told.write(json.dumps([button.row, face.lamp.name, at]) + "\n")

        def taken(topic: LiveTopic[Any], key: str, item: Any | None, seq: int | None = None) -> bool:
            if topic.topic is Topic.EXTENSIONS:
                told.write(json.dumps([key, "", time.monotonic()]) + "\n")
            return take(topic, key, item, seq)

        KeyButton.paintEvent = painted  # type: ignore[method-assign]
        LiveTopic.take_delta = taken  # type: ignore[method-assign]
        return client(["--data", data, "--login-stdin"])


if __name__ == "__main__":
    sys.exit(main())
