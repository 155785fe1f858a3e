"""The client as it is, with hands that take commands: `python -m demo.actor …` (arguments of the client).

Commands come as JSON, one a line, on standard input; each is answered by one line on standard output. At the
end of the input the client goes on, until it is told to stop.
"""

import json
import os
import sys
import threading

from demo.hands import Hands


def main() -> int:
    """Start the client, and let it be led. Returns its exit code."""
    hands = Hands()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed goes to the log

    def answer(reply: dict[str, object]) -> None:
        answers.write(json.dumps(reply) + "\n")
        answers.flush()

    def listen() -> None:
        for line in sys.stdin:
            hands.post(json.loads(line))

    hands.done.connect(answer)
    threading.Thread(target=listen, name="commands", daemon=True).start()
    from linkus_desktop.__main__ import main as client  # noqa: PLC0415 - after the output is set aside

    return client() or 0


if __name__ == "__main__":
    sys.exit(main())
