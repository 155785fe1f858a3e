"""Asterisk's own queues, without a network: callers and agents are lines of the dialplan that do as told.

A queue is a digit. Its agents do, ring by ring, what its script says: `answer`, `refuse` or `ignore`.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from server.switch.asterisk.installation import Installation
from tests.phones.program import Program
from tests.phones.waiting import until

_MODULES = (
    "res_timing_timerfd", "pbx_config", "bridge_simple", "bridge_softmix", "bridge_holding",
    "codec_ulaw", "codec_resample", "app_queue", "res_clioriginate", "func_global",
)  # fmt: skip
TIMEOUT_S = RETRY_S = 1
"""As short as Asterisk can."""
AT_ONCE = 10


@dataclass(frozen=True)
class AppQueue:
    """A queue of Asterisk: its strategy there, agents with their skill levels, what they do ring by ring."""

    strategy: str
    agents: Mapping[str, int]
    script: Sequence[str]


class AppQueues:
    """A running Asterisk with these queues, as an async context manager."""

    def __init__(self, installation: Installation, folder: Path, queues: Mapping[str, AppQueue]) -> None:
        self.installation, self.folder, self.queues = installation, folder, queues
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        assert self._program is not None, "it runs inside `async with`"
        return self._program

    async def __aenter__(self) -> Self:
        self._configure()
        self._program = await Program.start(
            "asterisk",
            [*self.installation.command, "-f", "-n", "-vvv", "-C", str(self.folder / "asterisk.conf"), "-c"],
            folder=self.folder,
        )
        await self._program.expect("Asterisk Ready")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._program:
            await self._program.stop()

    async def call(self, queue: str) -> list[str]:
        """A call to the queue, until an agent has talked with it; who was rung, in order."""
        mark = self.program.mark
        await self._originate(f"{queue}@callers", "Wait 600")
        await self.program.expect(rf'"OVER {queue} ', after=mark)
        rung = re.findall(rf'"RUNG {queue} (\d+) ', self.program.output[mark:])
        # Asterisk counts in whole seconds when somebody was called last.
        await asyncio.sleep(1.1)
        return rung

    async def many_calls(self, queue: str, count: int) -> Counter[str]:
        """So many calls, some at a time, each answered by the first who is rung; how often who that was."""
        mark = self.program.mark
        for begun in range(count):
            await until(lambda begun=begun: self._over(queue, mark) > begun - AT_ONCE, "one is over")  # type: ignore[misc]
            await self._originate(f"{queue}@callers", "Wait 600")
        await until(lambda: self._over(queue, mark) >= count, "all are over")
        return Counter(re.findall(rf'"RUNG {queue} (\d+) ', self.program.output[mark:]))

    def _over(self, queue: str, mark: int) -> int:
        return self.program.output[mark:].count(f'"OVER {queue} ')

    async def pause(self, queue: str, agent: str, *, on: bool) -> None:
        """An agent pauses, or not."""
        verb = "pause" if on else "resume"
        mark = self.program.mark
        await self._originate(f"{verb}-{queue}{agent}@desk", "NoOp")
        await self.program.expect(rf'"DONE {verb}-{queue}{agent} ', after=mark)

    async def _originate(self, channel: str, application: str) -> None:
        """Orders go through the dialplan: what commands print is mixed up with what happens meanwhile."""
        await self.program.write(f"channel originate Local/{channel}/n application {application}")

    def _configure(self) -> None:
        for name in ("var", "log", "run", "spool", "keys", "db"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        files = {
            "asterisk.conf": (
                f"[directories]\nastetcdir => {self.folder}\nastmoddir => {self.installation.modules}\n"
                f"astvarlibdir => {self.folder}/var\nastdbdir => {self.folder}/db\n"
                f"astkeydir => {self.folder}/keys\nastdatadir => {self.installation.data}\n"
                f"astagidir => {self.folder}/var\nastspooldir => {self.folder}/spool\n"
                f"astrundir => {self.folder}/run\nastlogdir => {self.folder}/log\n"
                f"astsbindir => {self.folder}\n"
            ),
            "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load => {name}.so\n" for name in _MODULES),
            "logger.conf": "[general]\n[logfiles]\nconsole => notice,warning,error,verbose\n",
            "queues.conf": "[general]\nautofill=yes\n" + "".join(map(self._queue, self.queues)),
            "extensions.conf": self._dialplan(),
        }
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def _queue(self, name: str) -> str:
        queue = self.queues[name]
        members = "".join(
            f"member => Local/{name}{agent}@agents/n,{level}\n" for agent, level in queue.agents.items()
        )
        return (
            f"[{name}]\nstrategy={queue.strategy}\ntimeout={TIMEOUT_S}\nretry={RETRY_S}\nwrapuptime=0\n"
            f"joinempty=yes\nautofill=yes\nringinuse=yes\n{members}"
        )

    def _dialplan(self) -> str:
        does = "".join(
            f"does_{name}_{number}={what}\n"
            for name, queue in self.queues.items()
            for number, what in enumerate(queue.script, 1)
        )
        counters = "".join(f"rings_{name}=0\n" for name in self.queues)
        return f"""\
[globals]
{does}{counters}
[callers]
exten => _[1-9],1,Answer()
 same => n,Queue(${{EXTEN}})
 same => n,Hangup()
exten => h,1,NoOp(OVER ${{CHANNEL:6:1}} .)

[agents]
exten => _[1-9]XXXX,1,Set(GLOBAL(rings_${{EXTEN:0:1}})=$[${{rings_${{EXTEN:0:1}}}} + 1])
 same => n,NoOp(RUNG ${{EXTEN:0:1}} ${{EXTEN:1}} .)
 same => n,Goto(do-${{does_${{EXTEN:0:1}}_${{rings_${{EXTEN:0:1}}}}}},1)
exten => do-answer,1,Answer()
 same => n,Wait(0.2)
 same => n,Hangup()
exten => do-refuse,1,Hangup(17)
exten => do-ignore,1,Ringing()
 same => n,Wait(60)
exten => do-,1,Hangup()

[desk]
exten => _pause-XXXXX,1,PauseQueueMember(${{EXTEN:6:1}},Local/${{EXTEN:6}}@agents/n)
 same => n,NoOp(DONE ${{EXTEN}} .)
exten => _resume-XXXXX,1,UnpauseQueueMember(${{EXTEN:7:1}},Local/${{EXTEN:7}}@agents/n)
 same => n,NoOp(DONE ${{EXTEN}} .)
"""
