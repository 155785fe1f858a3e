"""Pictures of every window and state, offscreen, with made-up people, a fixed clock and fixed sizes.

    python -m tools.screenshots [--out docs/screenshots] [--only PART-OF-A-NAME] [--theme light]

Each picture is named by window, state, theme and scale. The 200 % ones are made by a second process,
because Qt reads its scale factor once. The scenes are in `tools.scenes`.
"""

import argparse
import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tools.scenes import ROOT  # first: it says where the made-up people are, and on which platform Qt runs

# isort: split
import fakes
from PySide6.QtCore import QElapsedTimer, QEvent, QEventLoop, QLocale, QPoint, Qt, QTimer
from PySide6.QtGui import QCursor, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from linkus_desktop.pbx.tasks import running
from linkus_desktop.ui import blinker
from linkus_desktop.ui.theme import Mode, Theme
from tools.scenes import (
    agents,
    calls,
    desk_phone,
    keys,
    preferences,
    queue_log,
    queues,
    recordings,
    rooms,
    small_png,
    sound,
    windows,
)
from tools.scenes.desk import Scene

PARTS = (windows, rooms, calls, keys, desk_phone, agents, queue_log, queues, sound, recordings, preferences)
SCENES = {name: scene for part in PARTS for name, scene in part.SCENES.items()}
DOUBLED = {name for part in PARTS for name in part.DOUBLED}
"""Also shown at 200 %."""
DAY_MS = 86_400_000
"""So slowly do lamps blink in pictures, which look the same on a slow machine then."""
GROUND = 16
"""What is seen around a part of a window, logical pixels."""


def settle(ms: int) -> None:
    """Let the window paint and its timers run for `ms`."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def fade_in(window: QWidget) -> None:
    """Show the buttons that clear a field in full, which takes them a while."""
    for field in window.findChildren(QLineEdit):
        for button in field.findChildren(QAbstractButton):
            if button.isVisible():
                button.setProperty("opacity", 1.0)


async def tasks() -> None:
    """Let the requests that the window started come to their end: the made-up server answers at once."""
    while started := running():
        await asyncio.wait(started)
        await asyncio.sleep(0)


def grab(scene: Scene) -> QPixmap:
    """What is to be seen, with what popped up over it."""
    if scene.part is not None:
        part = scene.part()
        ground = part.parentWidget()
        return ground.grab(part.geometry().adjusted(-GROUND, -GROUND, GROUND, GROUND) & ground.rect())
    made = scene.window.grab()
    painter = QPainter(made)
    for popup in _popups():
        painter.drawPixmap(scene.window.mapFromGlobal(popup.mapToGlobal(QPoint())), popup.grab())
    painter.end()
    return made


def _popups() -> list[QWidget]:
    shown = (widget for widget in QApplication.topLevelWidgets() if widget.isVisible())
    return [widget for widget in shown if widget.windowType() is Qt.WindowType.Popup]


async def picture(name: str, theme: str, out: Path, scale: int) -> None:
    """Make one picture."""
    scene = SCENES[name]()
    scene.window.show()
    settle(scene.settle_ms)
    if scene.then is not None:
        scene.then()
        await tasks()
        settle(60)
        fade_in(scene.window)
    path = out / f"{name}-{theme}{'' if scale == 1 else '@2x'}.png"
    small_png.save(grab(scene).toImage(), path)
    for popup in _popups():
        popup.close()
    scene.window.close()
    await tasks()  # what waited for an undo is stored now
    for window in {scene.window, *(main for _world, main in fakes.KEPT)}:
        window.deleteLater()  # a main window too of which only a dialog was pictured
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    fakes.KEPT.clear()


async def make(theme: Theme, names: list[str], modes: list[Mode], out: Path, scale: int) -> None:
    """Make all pictures of this process's scale."""
    timer = QElapsedTimer()
    timer.start()
    for mode in modes:
        theme.set_mode(mode)
        for name in names:
            await picture(name, mode, out, scale)
    print(f"{len(names) * len(modes)} pictures at {scale}00 % in {timer.elapsed() / 1000:.1f} s: {out}")


def run() -> None:
    """Make all pictures of this process's scale, and of the other in a second one."""
    parser = argparse.ArgumentParser(description="Pictures of every window and state.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--only", default="", help="only scenes whose name has this in it")
    parser.add_argument("--theme", choices=["light", "dark"], action="append")
    args = parser.parse_args()
    scale = 2 if os.environ.get("QT_SCALE_FACTOR") == "2" else 1
    args.out.mkdir(parents=True, exist_ok=True)
    if scale == 1:
        command = [sys.executable, "-m", "tools.screenshots", *sys.argv[1:]]
        subprocess.run(command, env={**os.environ, "QT_SCALE_FACTOR": "2"}, cwd=ROOT, check=True)
    app = QApplication([])
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    blinker.BEAT_MS = DAY_MS
    QCursor.setPos(-100, -100)  # no row is hovered
    names = [name for name in SCENES if args.only in name and (scale == 1 or name in DOUBLED)]
    asyncio.run(make(Theme(app, "light"), names, args.theme or ["light", "dark"], args.out, scale))


if __name__ == "__main__":
    run()
