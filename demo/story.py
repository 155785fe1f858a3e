"""What happens in the demo: two colleagues log in, one calls the other, they talk, hold, and hang up."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from demo import company, measure
from demo.cast import Actor
from demo.measure import BROKEN
from demo.pbx import Pbx
from demo.processes import DemoError, Stage
from demo.sound import SoundServer, speak
from tools.standstill import witness

PAINT_S = 0.4
"""Time for both windows to be painted before a picture of the screen."""
SETTLE_S = 0.8
"""From the answer until somebody speaks: media has to find its way, and nobody talks at once anyway."""
WINDOW = (1192, 776)
TRIES = 3
Say = Callable[[str], None]


@dataclass
class Report:
    """What came of it.

    Attributes:
        hearings: who heard whom, and how well.
        pictures: files, in the order they were taken.
    """

    hearings: list[tuple[company.Person, company.Person, measure.Hearing]] = field(default_factory=list)
    pictures: list[Path] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether each heard the other."""
        return len(self.hearings) == 2 and all(hearing.heard for _, _, hearing in self.hearings)


class Play:
    """The scenes, between two actors.

    Attributes:
        report: what came of them so far.
    """

    def __init__(self, stage: Stage, pbx: Pbx, caller: Actor, callee: Actor, tell: Say) -> None:
        self.report = Report()
        self._stage = stage
        self._pbx = pbx
        self._caller = caller
        self._callee = callee
        self._tell = tell

    async def log_in(self, *, arrange: bool) -> None:
        """Both log in through the login window, and look at the fingerprint that it shows.

        With `arrange` their windows are put side by side, which takes a screen as wide as the virtual one.
        """
        self._tell("Both log in")
        await asyncio.gather(*(self._log_in(actor) for actor in (self._caller, self._callee)))
        for i, actor in enumerate((self._caller, self._callee)):
            if arrange:
                await actor.place(8 + i * (WINDOW[0] + 16), 8, *WINDOW)
            await actor.see("Connected. Server: connected")

    async def _log_in(self, actor: Actor) -> None:
        number = actor.person.number
        await actor.type("Server", f"127.0.0.1:{self._pbx.ports.http}")
        await actor.type("User", number)
        await actor.type("Password", self._pbx.secrets.passwords[number], secret=True)
        await actor.click("Log in")
        await actor.see(f"Fingerprint {self._pbx.fingerprint()}")
        if actor is self._caller:
            await self._picture("1-certificate-question", actor)
        await actor.click("It is the same, go on")
        await actor.see("Search a colleague or dial a number")

    async def call(self) -> None:
        """One finds the other by name and calls; the other answers in the window that pops up."""
        caller, callee = self._caller.person, self._callee.person
        self._tell(f"{caller.first_name} types “{callee.first_name.lower()}” and presses Enter")
        await self._caller.type("Search a colleague or dial a number", callee.first_name.lower(), enter=True)
        await self._callee.see(f"Incoming call from {caller.name}")
        await self._caller.see("Call with ", ": Ringing")
        await self._screen("2-ringing")
        self._tell(f"{callee.first_name} presses Answer")
        await self._callee.click("Answer")
        for actor, _ in self._both():
            await actor.see("Call with ", ": In a call")

    async def talk(self, sounds: tuple[SoundServer, SoundServer]) -> None:
        """One speaks, then the other; both ends are recorded and compared with what was said.

        Where the machine stood still, they say it again as people do, `TRIES` times in all.
        """
        self._tell("They talk")
        for _ in range(TRIES):
            await self._talk_once(sounds)
            if self.report.good or not any(hearing.stood > BROKEN for _, _, hearing in self.report.hearings):
                return
            self._tell("They did not hear each other well, and say it again")

    async def _talk_once(self, sounds: tuple[SoundServer, SoundServer]) -> None:
        folder = self._stage.folder
        said = [folder / f"said-by-{actor.person.number}.wav" for actor, _ in self._both()]
        heard = [folder / f"heard-by-{actor.person.number}.wav" for actor, _ in self._both()]
        for line, path in zip((company.CALLER_SAYS, company.CALLEE_SAYS), said, strict=True):
            await speak(self._stage, line, path)
        await asyncio.sleep(SETTLE_S)
        async with (
            witness() as machine,
            sounds[0].recording(heard[0]),
            sounds[1].recording(heard[1]),
        ):
            began = time.monotonic()
            await sounds[0].say(said[0])
            await self._screen("3-talking")
            await sounds[1].say(said[1])
            await asyncio.sleep(SETTLE_S)  # what was said last is still on its way
            now = time.monotonic()
        stood = machine.stood_s(began, now) / (now - began)
        self.report.hearings.clear()
        for listener, speaker in ((1, 0), (0, 1)):
            hearing = await asyncio.to_thread(
                measure.compare, heard[listener], said[speaker], said[listener], stood=stood
            )
            people = [actor.person for actor, _ in self._both()]
            self.report.hearings.append((people[listener], people[speaker], hearing))

    async def hold_and_hang_up(self) -> None:
        """The caller holds and takes back; the callee hangs up; both find the call in their logs."""
        caller, callee = self._caller.person, self._callee.person
        self._tell(f"{caller.first_name} holds the call, and takes it back")
        await self._caller.click("Hold")
        await self._caller.see("Call with ", ": On hold")
        await self._screen("4-on-hold")
        await self._caller.click("Resume")
        for actor, _ in self._both():
            await actor.see("Call with ", ": In a call")
        self._tell(f"{callee.first_name} hangs up")
        await self._callee.click("Hang up")
        for actor, other in self._both():
            await actor.miss("Call with ", ": In a call")
            await actor.click("Call Logs")
            await actor.see(other.name)
        await self._screen("5-call-logs")

    def _both(self) -> tuple[tuple[Actor, company.Person], tuple[Actor, company.Person]]:
        """Each actor with the other one's person."""
        return (self._caller, self._callee.person), (self._callee, self._caller.person)

    async def _screen(self, name: str) -> None:
        await asyncio.sleep(PAINT_S)
        await self._save(name, lambda path: self._caller.picture(path, screen=True))

    async def _picture(self, name: str, actor: Actor) -> None:
        await self._save(name, actor.picture)

    async def _save(self, name: str, take: Callable[[Path], Awaitable[None]]) -> None:
        path = self._stage.folder / f"{name}.png"
        await take(path)
        if path not in self.report.pictures:
            self.report.pictures.append(path)


async def whole(play: Play, sounds: tuple[SoundServer, SoundServer]) -> None:
    """All scenes.

    Raises:
        DemoError: a scene went wrong, or one did not hear the other.
    """
    await play.log_in(arrange=True)
    await play.call()
    await play.talk(sounds)
    await play.hold_and_hang_up()
    if not play.report.good:
        raise DemoError(
            "The call was there, but not everybody was heard well enough; the figures stand above."
        )
