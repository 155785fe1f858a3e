"""ADMIN-2: the switch knows the trunks that are configured and enabled, whatever happened."""

import asyncio
from collections.abc import Callable

import pytest

from server.contract.configuration import ConfigObject
from server.contract.routing import EmergencyNumber
from server.contract.trunks import Trunk
from server.services.configuration import ConfigurationChanged
from server.services.copies import RETRY_S
from server.services.trunks import Trunks
from server.services.vault import VaultError
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.virtual_time import in_virtual_time


def trunk(name: str, **fields: object) -> Trunk:
    return Trunk.model_validate({"name": name, "kind": "peer", "host": "192.0.2.1", **fields})


class MemoryConfiguration:
    """Stands for `services.configuration.Configuration`."""

    def __init__(self, *trunks: Trunk) -> None:
        self.trunks = {one.name: one for one in trunks}
        self.secrets: dict[str, str | Exception] = {}
        self.observers: list[Callable[[ConfigurationChanged], None]] = []

    def list(self, model: type[Trunk]) -> list[Trunk]:
        assert model is Trunk
        return list(self.trunks.values())

    def secret(self, model: type[Trunk], key: str) -> str | None:
        assert model is Trunk
        secret = self.secrets.get(key)
        if isinstance(secret, Exception):
            raise secret
        return secret

    def observe(self, callback: Callable[[ConfigurationChanged], None]) -> Callable[[], None]:
        self.observers.append(callback)
        return lambda: self.observers.remove(callback)

    def put(self, item: ConfigObject) -> None:
        if isinstance(item, Trunk):
            self.trunks[item.name] = item
        for observer in self.observers:
            observer(ConfigurationChanged(type(item), item.key, item))


class Bench:
    def __init__(self, *trunks: Trunk) -> None:
        self.configuration = MemoryConfiguration(*trunks)
        self.engine = SimulatedEngine()
        self.switch = SimulatedSwitch(self.engine)
        self.service = Trunks(switch=self.switch, configuration=self.configuration)
        self.service.start()

    async def begin(self) -> None:
        await self.switch.start()
        await asyncio.sleep(0.1)

    @property
    def known(self) -> list[str]:
        return sorted(self.engine.trunks)


@in_virtual_time
async def test_all_that_are_enabled_are_pushed_with_their_secrets_and_reported():
    bench = Bench(trunk("main", codecs=["G722", "PCMU"]), trunk("off", enabled=False))
    bench.configuration.secrets["main"] = "hush-hush"
    bench.engine.carrier("main")
    await bench.begin()
    assert bench.known == ["main"]
    assert (bench.engine.trunks["main"].secret, bench.engine.trunks["main"].codecs) == (
        "hush-hush",
        ("g722", "ulaw"),
    )
    assert [(one.name, one.status, one.reason) for one in bench.service.report()] == [
        ("main", "reachable", "")
    ]
    await bench.service.stop()


@in_virtual_time
async def test_a_change_of_a_trunk_reaches_the_switch_and_no_other_change_does():
    bench = Bench(trunk("main"))
    await bench.begin()
    before = bench.switch.points
    bench.configuration.put(EmergencyNumber(number="112", trunks=("main",)))
    await asyncio.sleep(0.1)
    assert bench.switch.points == before
    bench.configuration.put(trunk("backup"))
    bench.configuration.put(trunk("main", enabled=False))
    await asyncio.sleep(0.1)
    assert bench.known == ["backup"]
    await bench.service.stop()


@in_virtual_time
async def test_a_push_that_fails_is_repeated_and_one_without_a_switch_waits_for_it():
    bench = Bench(trunk("main"))
    await asyncio.sleep(60)
    assert bench.known == []
    bench.switch.answer_lost = True
    await bench.begin()
    bench.engine.trunks.clear()
    await asyncio.sleep(RETRY_S)
    assert bench.known == ["main"]
    await bench.service.stop()


@pytest.mark.parametrize("problem", ["its key file is gone", "its secret is from an older version"])
@in_virtual_time
async def test_one_that_cannot_be_set_up_does_not_keep_the_others_from_it(problem, caplog):
    bench = Bench(trunk("broken"), trunk("main"))
    lost = VaultError("restore the key file")
    bench.configuration.secrets["broken"] = lost if "key file" in problem else "hush\u200bhush"
    await bench.begin()
    assert bench.known == ["main"]
    assert "Trunk broken is left out" in caplog.text
    assert "hush" not in caplog.text
    bench.configuration.secrets["broken"] = "typed anew"
    bench.configuration.put(trunk("broken"))
    await asyncio.sleep(0.1)
    assert bench.known == ["broken", "main"]
    await bench.service.stop()
