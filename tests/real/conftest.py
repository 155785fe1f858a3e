"""One server for the tests of a module; those that hurt it start their own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.real.outside import Outside, set_up
from tests.real.pbx import Pbx

PEOPLE = {
    "1001": ("Alice", "Archer"),
    "1002": ("Bob", "Baker"),
    "1003": ("Čeněk", "Žák"),
    "1004": ("Dana", "Dvořák"),
    "1005": ("Emil", "Egger"),
}
"""The extensions of every server here."""
ENCRYPTED = ("1011", "1012")
"""Extensions of the shared server whose media must be encrypted."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def pbx(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pbx]:
    """A running server with `PEOPLE`, ready for calls; each module has its own."""
    async with Pbx(tmp_path_factory.mktemp("pbx")) as server:
        for number, (first, last) in PEOPLE.items():
            await server.add(number, first, last)
        for number in ENCRYPTED:
            await server.add(number, "Secret", number, srtp="mandatory")
        yield server


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def all_phones_leave(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """A test ends when the server knows that its phones are gone: the next one counts those it registers."""
    yield
    if "pbx" in request.fixturenames:
        await request.getfixturevalue("pbx").no_phones()


@pytest_asyncio.fixture(loop_scope="session")
async def own_pbx(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Pbx]:
    """A server for one test, which may kill it."""
    async with Pbx(tmp_path_factory.mktemp("own-pbx")) as server:
        for number in ("1001", "1002", "1003"):
            await server.add(number, *PEOPLE[number])
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def carriers(pbx: Pbx, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    """The shared server with trunks to two carriers, for the tests of one module."""
    async with set_up(pbx, tmp_path_factory.mktemp("prompts")) as outside:
        yield outside


@pytest_asyncio.fixture(loop_scope="session")
async def outside(carriers: Outside) -> AsyncIterator[Outside]:
    """The same for one test, after which nothing is left in the switch."""
    yield carriers
    await carriers.hang_up()
    await carriers.pbx.nothing_left()
