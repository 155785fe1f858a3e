"""SIP-11: the client as it is put together, with the desk phone in place of its own."""

import pytest

from linkus_desktop.app import Client
from linkus_desktop.sip.values import Registration
from tests.linkus_desktop.app.conftest import Server
from tests.linkus_desktop.app.test_calls_at_work import at_work, gone, rings
from tests.linkus_desktop.app.test_client import log_in, log_out
from tests.linkus_desktop.qt_loop import until

pytestmark = [pytest.mark.window, pytest.mark.qt_log_ignore("does not support raise")]


async def test_this_computer_is_no_phone_while_the_desk_phone_is_used_SIP_11(
    client: Client, server: Server
) -> None:
    workplace = await at_work(client, server)
    await until(lambda: workplace.session.live.phones.known, workplace.session.live.phones.reset)
    phone = workplace.phone
    assert phone.registration is not Registration.OFF
    workplace.telephone.use("")
    await until(lambda: phone.registration is Registration.OFF, phone.registration_changed)
    assert workplace.window.toolbar.connection.words == "Desk phone not registered"
    workplace.window.dial("1002")
    assert "No desk phone of yours" in workplace.window.message.text
    workplace.telephone.use(None)
    await until(lambda: phone.registration is not Registration.OFF, phone.registration_changed)
    workplace.telephone.use("")
    await until(lambda: phone.registration is Registration.OFF, phone.registration_changed)
    await log_out(client)
    workplace = await log_in(client, server)
    assert workplace.telephone.is_desk, "the choice is remembered"
    assert phone.registration is Registration.OFF


async def test_a_call_of_this_computer_goes_on_when_the_desk_phone_is_chosen_SIP_11(
    client: Client, server: Server
) -> None:
    workplace = await at_work(client, server)
    call = rings(workplace, "1002")
    call.answer()
    workplace.telephone.use("")
    assert workplace.phone.registration is not Registration.OFF
    gone(workplace, call)
    await until(
        lambda: workplace.phone.registration is Registration.OFF, workplace.phone.registration_changed
    )
