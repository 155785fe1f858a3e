"""AUTH-8: sleep and a changed network become one signal, when things have settled."""

import pytest
from pytestqt.qtbot import QtBot

from linkus_desktop.pbx import network
from linkus_desktop.pbx.network import TICK_MS, NetworkWatch


class Machine:
    def __init__(self) -> None:
        self.time = 1000.0
        self.addresses = frozenset({"192.168.1.7"})

    def tick(self, watch: NetworkWatch, seconds: float = TICK_MS / 1000) -> None:
        self.time += seconds
        watch.look()


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def watch(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> NetworkWatch:
    monkeypatch.setattr(network, "SETTLE_MS", 30)
    return NetworkWatch(addresses=lambda: machine.addresses, now=lambda: machine.time)


def test_sleep_is_noticed(watch: NetworkWatch, machine: Machine, qtbot: QtBot) -> None:
    machine.tick(watch)
    with qtbot.waitSignal(watch.changed) as changed:
        machine.tick(watch, 3600)
    assert "sleep" in changed.args[0]


def test_another_address_is_noticed(watch: NetworkWatch, machine: Machine, qtbot: QtBot) -> None:
    with qtbot.waitSignal(watch.changed):
        machine.addresses = frozenset({"10.0.0.3"})
        machine.tick(watch)


def test_several_changes_are_told_once(watch: NetworkWatch, machine: Machine, qtbot: QtBot) -> None:
    told: list[str] = []
    watch.changed.connect(told.append)
    with qtbot.waitSignal(watch.changed):
        machine.tick(watch, 600)
        machine.addresses = frozenset()
        machine.tick(watch)
        machine.addresses = frozenset({"10.0.0.3"})
        machine.tick(watch)
    assert len(told) == 1


def test_no_network_at_all_is_no_reason_to_connect(
    watch: NetworkWatch, machine: Machine, qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(watch.changed, wait=60):
        machine.addresses = frozenset()
        machine.tick(watch)


def test_a_quiet_machine_is_left_alone(watch: NetworkWatch, machine: Machine, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(watch.changed, wait=60):
        for _ in range(5):
            machine.tick(watch, 6.0)  # late, but not asleep
