"""SIP-11: everybody sees the own registered phones, and what they can."""

import pytest

from server.contract.own_calls import OwnPhone
from server.contract.reaching import EndpointKind
from server.rules.remote_control import can_be_told_to_answer
from server.services.hub import Hub
from server.services.own_phones import OwnPhones
from server.switch.simulated import SimulatedEngine, SimulatedSwitch
from tests.server.flows.office import extension
from tests.virtual_time import in_virtual_time

DESK, CLIENT = "Yealink SIP-T54W 96.86.0.70", "Linkus Desktop 1.0"


class Directory:
    def all(self):
        return [extension("1001"), extension("1002")]


def phones_of(phones: OwnPhones, number: str) -> list[tuple[str, EndpointKind, bool, bool | None]]:
    return [(one.name, one.kind, one.can_answer, one.reachable) for one in phones.of(number)]


@in_virtual_time
async def test_the_own_phones_are_told_with_what_they_can_SIP_11():
    engine = SimulatedEngine()
    switch = SimulatedSwitch(engine)
    phones = OwnPhones(switch=switch, hub=Hub(), directory=Directory())
    phones.start()
    before = engine.phone("1001", user_agent=CLIENT)
    switch.connect(restarted=True)
    assert phones_of(phones, "1001") == [(CLIENT, EndpointKind.DESKTOP, False, True)]
    engine.phone("1001", user_agent=DESK)
    told = phones_of(phones, "1001")
    assert told[1:] == [(DESK, EndpointKind.EXTENSION_ENDPOINT, True, True)]
    assert phones_of(phones, "1002") == []
    ids = [one.id for one in phones.of("1001")]
    assert len(set(ids)) == 2
    assert not any("192.0.2" in OwnPhone.model_dump_json(one) for one in phones.of("1001"))
    switch.disconnect()
    assert {reachable for *_, reachable in phones_of(phones, "1001")} == {None}, "nobody can know (KEY-5)"
    switch.connect(restarted=False)
    assert phones_of(phones, "1001") == told
    before.unregister()
    assert [one.id for one in phones.of("1001")] == ids[1:]
    phones.stop()


@pytest.mark.parametrize(
    ("user_agent", "can"),
    [
        (DESK, True),
        ("  snom320/8.9.3.60", True),
        ("PolycomVVX-VVX_411-UA/5.9.0", True),
        ("baresip v1.1.0", False),
        (CLIENT, False),
        ("not a Yealink", False),
        ("", False),
    ],
)
def test_which_phones_can_be_told_to_answer_is_known_by_their_make_SIP_11(user_agent: str, can: bool):
    assert can_be_told_to_answer(user_agent) is can
