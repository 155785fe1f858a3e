"""A call with the real sound devices, in a process of its own: `pulse_process SECONDS`, result as JSON.

The microphone and loudspeaker are PulseAudio's, found through the environment.
"""

import asyncio
import dataclasses
import json
import logging
import sys
import time
from typing import Any

from PySide6.QtCore import QCoreApplication, QLoggingCategory

from linkus_desktop.sip.audio import Audio
from linkus_desktop.sip.phone import Phone
from linkus_desktop.sip.values import CallState, Registration
from tests.linkus_desktop.sip.conftest import account
from tests.linkus_desktop.sip.small_pbx import SmallPbx
from tests.phones.sound import heard_ms, longest_gap_ms
from tests.phones.waiting import PATIENCE_S
from tools.standstill import witness

MICROPHONE_HZ = 700.0
FAR_HZ = 440.0


async def _talk(app: QCoreApplication, seconds: float) -> dict[str, Any]:
    async def until(holds: Any, within_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            app.processEvents()
            await asyncio.sleep(0.004)

    what = "registered"
    pbx = SmallPbx()
    await pbx.start()
    audio = Audio()
    phone = Phone(audio)
    levels: list[tuple[float, float]] = []
    audio.levels.connect(lambda mic, speaker: levels.append((mic, speaker)))
    phone.start(account(pbx), "127.0.0.1")
    await until(lambda: phone.registration is Registration.REGISTERED)
    pbx.rtp.says(FAR_HZ)
    what = "answered"
    call = phone.dial("2001")
    await until(lambda: call.state is CallState.ACTIVE)
    await until(lambda: pbx.rtp.heard().ms > 1000)
    pbx.rtp.forget()
    print("talking", flush=True)  # noqa: T201
    async with witness() as machine:
        began, busy = time.monotonic(), time.process_time()
        await until(lambda: time.monotonic() - began > seconds, seconds + PATIENCE_S)
        busy = time.process_time() - busy
        now = time.monotonic()
    heard = pbx.rtp.heard()
    quality = call.quality()
    rings = {
        name: {"underruns": r.underruns, "overruns": r.overruns, "trimmed": r.trimmed, "samples": len(r)}
        for name, r in (("microphone", audio.microphone.ring), ("speaker", audio.speaker.ring))
    }
    result = {
        "problem": audio.problem,
        "inputs": [d.name for d in audio.inputs()],
        "outputs": [d.name for d in audio.outputs()],
        "heard_ms": heard_ms(heard, MICROPHONE_HZ),
        "gap_ms": longest_gap_ms(heard, MICROPHONE_HZ),
        "talked": (began, now),
        "standstills": machine.told(),
        "levels": levels[-1],
        "cpu_per_cent": round(100 * busy / seconds, 1),
        "quality": dataclasses.asdict(quality) if quality else None,
        "rings": rings,
    }
    await phone.stop()
    await pbx.stop()
    return result


def main() -> None:
    logging.basicConfig(stream=sys.stderr)
    QLoggingCategory.setFilterRules("qt.multimedia.*=false")
    app = QCoreApplication([])
    print(json.dumps(asyncio.run(_talk(app, float(sys.argv[1])))), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
