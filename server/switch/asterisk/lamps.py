"""Lamps and message-waiting in Asterisk: hints, `Stasis:` device states, MWI.

Each extension has a dialplan context of its own to subscribe in (`subscribe_context`): it includes the one
with the lamps that all see, and holds those that only this extension sees, alone or as one of several. So two
bosses with the same `*592007` on a key see two lamps, and all agents of a queue the same one. The contexts
are a file, for the engine's start; while it runs they are changed line by line, and the file is read anew
only where it is not known what the engine has.

Seen with Asterisk 22:

- Reading the dialplan anew keeps subscriptions to hints that stay, and ends those to a hint that goes. But a
  phone that subscribes in that moment is told 200 and then nothing, ever; and it takes long where many
  contexts have a hint for the same value (1500 hints 0.3 s, 4500 of which 4000 share 8 values 3 s).
- Changing one line has neither trouble.
- A device without a state, and any but RINGING, INUSE, RINGINUSE, BUSY and ONHOLD, is `terminated`.
- States are in Asterisk's database and outlive it (kill -9 takes the last second of them along). A DELETE
  does not put the lamp out: hence NOT_INUSE first.
- Message-waiting is kept in memory, and phones that have not asked are told from their next registration on;
  `app_minivm` is what Debian's packages have to set it, on a channel.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from server.switch.asterisk.ami import Ami
from server.switch.asterisk.ari import segment
from server.switch.asterisk.config import (
    APPLICATION,
    CONTEXT_LAMPS,
    CONTEXT_MESSAGES,
    HINTS_FILE,
    watcher_context,
)
from server.switch.asterisk.private_file import write_private
from server.switch.port import (
    Lamp,
    LampBoard,
    LampPanel,
    LampState,
    MessagesWaiting,
    SwitchError,
    SwitchUnavailable,
)

if TYPE_CHECKING:
    from server.switch.asterisk.control import Control

AT_ONCE = 16
"""Requests under way at most, so that calls do not wait behind a whole board of lamps."""

DEVICE_STATES = {
    LampState.TERMINATED: "NOT_INUSE",
    LampState.EARLY: "RINGING",
    LampState.CONFIRMED: "INUSE",
    LampState.CONFIRMED_HELD: "ONHOLD",
    LampState.UNAVAILABLE: "UNAVAILABLE",
}
OUT = DEVICE_STATES[LampState.TERMINATED]
_PREFIX = "Stasis:"


class Lamps(LampPanel):
    """See `LampPanel`."""

    def __init__(self, control: "Control") -> None:
        self._control = control
        self._ami: Ami | None = None
        self._file: Path | None = None
        self._unfinished: Path | None = None
        """Exists while the engine may have other hints than the file."""
        self._loaded: str | None = None
        self._shown: dict[str, str] | None = None
        self._declared: frozenset[Lamp] = frozenset()
        self._waiting: dict[str, MessagesWaiting] = {}
        self._empty = False

    def connected(self, ami: Ami, etc: Path, *, fresh: bool) -> None:
        """There is a connection, perhaps to another engine, or to one that an earlier server has left."""
        self._ami = ami
        self._file, self._unfinished = etc / HINTS_FILE, etc / f".{HINTS_FILE}.unfinished"
        self._loaded = self._shown = None
        if fresh:
            self._waiting, self._empty = {}, True
            self._unfinished.unlink(missing_ok=True)

    async def declare(self, board: LampBoard) -> None:
        """See `LampPanel.declare`. States come before the lamps: none is wrong at its beginning."""
        shown = await self._read()
        named = {device_name(lamp): DEVICE_STATES[state] for lamp, state in board.lamps.items()}
        await self._each(shown, _other_than(shown, named))
        await self._write(hints(board))
        self._declared = frozenset(board.lamps)
        stale = [name for name in shown if name not in named]
        await self._each(shown, _other_than(shown, dict.fromkeys(stale, OUT)))
        for name in stale:
            await self._control.connected.delete(_path(name))
            del shown[name]

    async def show(self, lamp: Lamp, state: LampState) -> None:
        """See `LampPanel.show`."""
        if lamp not in self._declared:
            raise SwitchError(f"There is no lamp {lamp.value}.")
        shown, name = await self._read(), device_name(lamp)
        if shown.get(name, OUT) != DEVICE_STATES[state]:
            await self._put(shown, name, DEVICE_STATES[state])

    async def tell_messages(self, box: str, waiting: MessagesWaiting) -> None:
        """See `LampPanel.tell_messages`."""
        known = self._waiting.get(box, MessagesWaiting() if self._empty else None)
        if known == waiting:
            return
        self._waiting.pop(box, None)
        await self._control.connected.post(
            "channels",
            {"variables": {"NEW": str(waiting.new), "OLD": str(waiting.heard)}},
            endpoint=f"Local/{box}@{CONTEXT_MESSAGES}/n",
            app=APPLICATION,
        )
        self._waiting[box] = waiting

    async def _read(self) -> dict[str, str]:
        """What each device shows; once a connection as the engine says it, also of an earlier server's."""
        if self._shown is None:
            listed = await self._control.connected.get("deviceStates")
            self._shown = {
                device["name"].removeprefix(_PREFIX): device["state"]
                for device in listed
                if device["name"].startswith(_PREFIX)
            }
        return self._shown

    async def _each(self, shown: dict[str, str], wanted: Mapping[str, str]) -> None:
        for chunk in _chunks(list(wanted.items())):
            puts = (self._put(shown, name, state) for name, state in chunk)
            for problem in await asyncio.gather(*puts, return_exceptions=True):
                if isinstance(problem, BaseException):
                    raise problem

    async def _put(self, shown: dict[str, str], name: str, state: str) -> None:
        shown[name] = ""  # not known, should the answer be lost
        await self._control.connected.put(_path(name), deviceState=state)
        shown[name] = state

    async def _write(self, text: str) -> None:
        """Let the engine have these hints."""
        ami, file, unfinished = self._ami, self._file, self._unfinished
        if ami is None or file is None or unfinished is None:
            raise SwitchUnavailable("Asterisk is not running now.")
        if self._loaded is None and not unfinished.exists() and file.exists():
            self._loaded = await asyncio.to_thread(file.read_text)
        before, self._loaded = self._loaded, None
        if before != text:
            try:
                await asyncio.to_thread(write_private, unfinished, "")
                await asyncio.to_thread(write_private, file, text)
            except OSError as error:
                raise SwitchError(f"The lamps cannot be set up: {error}.") from error
            if before is not None:
                for command in changes(before, text):
                    await ami.command(command)
            else:
                await self._control.connected.put("asterisk/modules/pbx_config")
            unfinished.unlink(missing_ok=True)
        self._loaded = text


def changes(before: str, after: str) -> list[str]:
    """Commands of the console by which the one dialplan becomes the other."""
    old, new = set(_lines(before)), set(_lines(after))
    return [
        *(_removing(context, line) for context, line in _lines(before) if (context, line) not in new),
        *(_adding(context, line) for context, line in _lines(after) if (context, line) not in old),
    ]


def _lines(text: str) -> Iterable[tuple[str, str]]:
    context = ""
    for line in text.splitlines():
        if line.startswith("["):
            context = line.strip("[]")
        elif line:
            yield context, line


def _adding(context: str, line: str) -> str:
    word, _, rest = line.partition(" => ")
    return f"dialplan add {'extension' if word == 'exten' else 'include'} {rest} into {context}"


def _removing(context: str, line: str) -> str:
    word, _, rest = line.partition(" => ")
    if word == "include":
        return f"dialplan remove include {rest} from {context}"
    return f"dialplan remove extension {rest.partition(',')[0]}@{context} hint"


def hints(board: LampBoard) -> str:
    """The dialplan's contexts of lamps."""
    own: dict[str, list[Lamp]] = {watcher: [] for watcher in board.watchers}
    common_to_all = []
    for lamp in board.lamps:
        if not lamp.watcher and lamp.among is None:
            common_to_all.append(lamp)
        for watcher in (lamp.watcher,) if lamp.watcher else {*(lamp.among or ())}:
            if watcher in own:
                own[watcher].append(lamp)
    common = _context(CONTEXT_LAMPS, common_to_all)
    views = (
        _context(watcher_context(watcher), own[watcher], include=f"include => {CONTEXT_LAMPS}\n")
        for watcher in sorted(own)
    )
    return "\n".join((common, *views))


def _context(name: str, lamps: Iterable[Lamp], *, include: str = "") -> str:
    lines = (f"exten => {lamp.value},hint,{_PREFIX}{device_name(lamp)}\n" for lamp in sorted(lamps))
    return f"[{name}]\n{include}{''.join(lines)}"


def device_name(lamp: Lamp) -> str:
    """Name of a lamp's device, without its provider: letters, digits and a dot."""
    value = lamp.value.translate(_LETTERS)
    return f"{lamp.watcher.translate(_LETTERS)}.{value}" if lamp.watcher else value


_LETTERS = str.maketrans({"*": "s", "#": "h", "+": "p"})


def _other_than(shown: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """What is wanted and not shown; a device that is not there is out."""
    return {name: state for name, state in wanted.items() if shown.get(name, OUT) != state}


def _chunks(items: Sequence[tuple[str, str]]) -> Iterable[Sequence[tuple[str, str]]]:
    return (items[at : at + AT_ONCE] for at in range(0, len(items), AT_ONCE))


def _path(name: str) -> str:
    return f"deviceStates/{segment(_PREFIX + name)}"
