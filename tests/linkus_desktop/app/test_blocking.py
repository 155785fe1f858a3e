"""DIR-5, SIP-12: blocking from the call log, and emergency calls, in the client as it is put together."""

import pytest

from linkus_desktop.app import Client
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.call_log.workspace import CallLogWorkspace
from server.contract.destinations import DestinationKind
from tests.linkus_desktop.app.conftest import Server
from tests.linkus_desktop.app.test_calls_at_work import at_work
from tests.linkus_desktop.qt_loop import emitted, until
from tests.linkus_desktop.ui.fakes import FakeCall

pytestmark = [pytest.mark.window, pytest.mark.qt_log_ignore("does not support raise")]

CALLER = "+420530335533"


async def test_the_server_has_the_rule_and_another_login_shows_it_DIR_5(
    client: Client, server: Server
) -> None:
    workplace = await at_work(client, server)
    workplace.window.open_room("call_log")
    room = workplace.window.stack.currentWidget()
    assert isinstance(room, CallLogWorkspace)
    blocking = room.blocking
    assert blocking is not None
    draft = workplace.session.reaching
    await until(lambda: draft.known and not draft.busy, draft.changed)
    assert not blocking.is_blocked(CALLER)
    done = emitted(blocking.done)
    blocking.block(CALLER)
    await done
    kept = await server.services.services.reaching.get("1001")
    assert [rule.pattern for rule in kept.caller_rules] == [CALLER]
    assert kept.caller_rules[0].destination is not None
    assert kept.caller_rules[0].destination.kind is DestinationKind.HANG_UP
    assert blocking.is_blocked(CALLER)
    assert "colleague" in blocking.why_not("1002")
    room.undo_bar.undo()
    await until(lambda: not blocking.is_blocked(CALLER), blocking.changed)
    assert (await server.services.services.reaching.get("1001")).caller_rules == []


async def test_an_emergency_call_has_its_notice_whatever_is_entered_SIP_12(
    client: Client, server: Server
) -> None:
    workplace = await at_work(client, server)
    call = FakeCall("112", "", CallState.DIALLING, parent=workplace.phone)
    workplace.phone.calls.append(call)
    workplace.phone.call_added.emit(call)
    card = workplace.window.calls.card_of(call)
    assert card is not None
    assert "say where you are first" in card.emergency.text
    workplace.phone.calls.remove(call)
    call.finish(by_us=True)
    workplace.phone.call_removed.emit(call)
