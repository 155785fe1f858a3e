"""PRES-2: a draft of the own settings loses nothing, whenever the server answers."""

import asyncio

from linkus_desktop.pbx.reaching import ReachingDraft
from server.contract.reaching import ReachingSettings

PREFIX = ("mobile_prefix",)


class FakeApi:
    def __init__(self) -> None:
        self.settings = ReachingSettings()

    async def reaching(self) -> ReachingSettings:
        return self.settings


class Later:
    """Runs a request when it is told to."""

    def __init__(self) -> None:
        self.waiting = []

    def __call__(self, coro, *, on_done, on_error):
        self.waiting.append((coro, on_done))

    def answer(self) -> None:
        coro, on_done = self.waiting.pop(0)
        on_done(asyncio.run(coro))


def test_what_is_typed_while_the_server_is_asked_again_stays_PRES_2(qapp):
    api, later = FakeApi(), Later()
    draft = ReachingDraft(api, run=later)
    draft.load()
    later.answer()
    assert (draft.known, draft.dirty) == (True, False)
    draft.load()
    draft.put(PREFIX, "9")
    later.answer()
    assert (draft.value(PREFIX), draft.dirty, draft.busy) == ("9", True, False)
    draft.discard()
    assert (draft.value(PREFIX), draft.dirty) == ("", False)
