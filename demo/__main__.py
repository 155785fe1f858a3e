"""Entry point: `python -m demo [--hold] [--folder build/demo]`; see `make demo`."""

import argparse
import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from demo import company, pbx, ports, summary
from demo.cast import Actor, acting
from demo.display import virtual_display
from demo.processes import DemoError, Stage
from demo.sound import SoundServer, sound_server
from demo.story import Play, whole


def tell(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


async def perform(stage: Stage, *, hold: bool) -> None:
    """Bring everything up, play the scenes where the stage is our own, and stay if asked to.

    Raises:
        DemoError: something could not be brought up, or a scene went wrong.
    """
    left = await stage.clear()
    if left:
        tell(f"Ended {left} processes of an earlier run")
    shown = has_display()
    shutil.rmtree(stage.folder / "clients", ignore_errors=True)
    stage.folder.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        runtime = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="linkus-demo-")))
        chosen = ports.choose()
        if not chosen.usual:
            tell(
                f"The usual ports are taken; using {chosen.http} (API), {chosen.sip} and {chosen.sips} (SIP)"
            )
        tell(f"Opening {company.NAME}: a PBX and {len(company.PEOPLE)} extensions")
        server = await stack.enter_async_context(pbx.running(stage, chosen, keep=hold or shown))
        if shown:
            await _on_display(stage, server, stack)
        else:
            await _on_own_stage(stage, server, stack, runtime)
        if hold or shown:
            tell(summary.how_to_log_in(server))
            await asyncio.get_running_loop().create_future()


async def _on_display(stage: Stage, server: pbx.Pbx, stack: contextlib.AsyncExitStack) -> None:
    """Two clients on the user's display with the user's sound devices, logged in."""
    play = Play(stage, server, *await _enter(stage, stack, {}, {}), tell)
    await play.log_in(arrange=False)
    tell("Both are logged in. Call each other; use headphones, or they will hear themselves.")


async def _on_own_stage(
    stage: Stage, server: pbx.Pbx, stack: contextlib.AsyncExitStack, runtime: Path
) -> None:
    """Two clients on a virtual display, with sound devices of their own: all scenes and what came of them."""
    display = await stack.enter_async_context(virtual_display(stage, runtime))
    sounds: list[SoundServer] = [
        await stack.enter_async_context(sound_server(stage, person.number, runtime))
        for person in (company.CALLER, company.CALLEE)
    ]
    caller, callee = await _enter(
        stage, stack, {**display, **sounds[0].variables}, {**display, **sounds[1].variables}
    )
    play = Play(stage, server, caller, callee, tell)
    try:
        await whole(play, (sounds[0], sounds[1]))
    finally:
        if play.report.hearings:
            tell(summary.of_report(play.report, await server.call_log()))


async def _enter(
    stage: Stage, stack: contextlib.AsyncExitStack, *environments: dict[str, str]
) -> tuple[Actor, Actor]:
    caller, callee = [
        await stack.enter_async_context(
            acting(stage, person, env, data=stage.folder / "clients" / person.number)
        )
        for person, env in zip((company.CALLER, company.CALLEE), environments, strict=True)
    ]
    return caller, callee


def _look_for_faults(stage: Stage) -> None:
    """A demo that looks well while a program complains behind the scenes is not well."""
    for log in sorted(stage.logs.glob("*.log")):
        if "Traceback (most recent call last)" in log.read_text(errors="replace"):
            raise DemoError(f"it went well on the screen, but a program reported a fault: see {log}")


def has_display() -> bool:
    """Whether there is a screen with a person before it."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


async def run(stage: Stage, *, hold: bool) -> int:
    """Perform until the end, or until Ctrl+C or SIGTERM. Returns the exit code."""
    task = asyncio.create_task(perform(stage, hold=hold))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
        _look_for_faults(stage)
    except asyncio.CancelledError:
        tell("\nClosed.")
        return 0 if hold or has_display() else 130
    except DemoError as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    tell("\nThe demo went well.")
    return 0


def main() -> int:
    """Read the arguments and run. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description="A company, its PBX and two clients.")
    parser.add_argument("--hold", action="store_true", help="stay up until Ctrl+C")
    parser.add_argument("--folder", type=Path, default=Path("build/demo"), help="where everything is kept")
    arguments = parser.parse_args()
    return asyncio.run(run(Stage(arguments.folder), hold=arguments.hold))


if __name__ == "__main__":
    sys.exit(main())
