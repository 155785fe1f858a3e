"""Emergency calls in memory, for flows."""

import asyncio


class MemoryEmergencies:
    """Stands for `EmergencyStore`; survives the server. `fail` is raised by the next writes."""

    def __init__(self) -> None:
        self.rows = {}
        self.fail: Exception | None = None

    async def load(self):
        return list(self.rows.values())

    async def save(self, made):
        await asyncio.sleep(0.002)
        if self.fail is not None:
            raise self.fail
        self.rows |= {one.key: one for one in made}

    async def forget(self, made):
        for one in made:
            if self.rows.get(one.key) == one:
                del self.rows[one.key]
