"""Q-10, Q-11, KEY-5 in the window: what an agent is in the queues, and the menu that changes it."""

from datetime import timedelta

import pytest
from fakes import NOW, FakeCall, World, agent
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from linkus_desktop.pbx.errors import PbxError
from linkus_desktop.sip.headers import Party
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.call_card import CallCard
from linkus_desktop.ui.incoming_window import IncomingWindow
from linkus_desktop.ui.lamps import Lamp
from server.contract.agents import PauseReasons

pytestmark = pytest.mark.qt_log_ignore("does not support (raise|grabbing|propagateSizeHints)")
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
LONG = "Reception of Maximiliane Alexandra von Hohenstein-Wittgenstein & Sons"


@pytest.fixture
def button(window):
    return window.toolbar.agent


@pytest.fixture
def menu(button):
    return button.menu_of_agent


def lines(menu):
    """Name, state and lamp's word of each queue, as it stands in the menu."""
    return [tuple(line.title().replace("\N{NO-BREAK SPACE}", "").split("\t")) for line in menu.lines.values()]


def enabled(menu):
    names = ("log_in", "log_in_last", "log_out", "pause", "resume")
    return {name for name in names if getattr(menu, name).isEnabled()}


def switches(world):
    """What the server was asked: queue and what is to be so."""
    return [(queue, change.model_dump(exclude_defaults=True)) for queue, change in world.session.api.switches]


def test_who_is_in_no_queue_sees_nothing_of_it_Q_11(world, window, button, qtbot):
    assert not button.isVisible()
    world.tell_agents(agent(extension="1002"))
    assert not button.isVisible(), "a manager who is no agent"
    qtbot.keyClick(window, Qt.Key.Key_Q, CTRL_SHIFT)
    assert not button.menu_of_agent.isVisible()
    world.tell_agents(agent())
    assert button.isVisible()
    world.tell_agents()
    assert not button.isVisible(), "out of the last queue"


@pytest.mark.parametrize(
    ("agents", "lamp", "said"),
    [
        ([agent()], Lamp.IDLE, ("Available", "0:12:03 · 1 queue")),
        ([agent(), agent("6401")], Lamp.IDLE, ("Available", "0:12:03 · All 2 queues")),
        ([agent(), agent("6401", state="logged_out")], Lamp.IDLE, ("Available", "0:12:03 · 1 of 2 queues")),
        ([agent(state="paused", reason="Lunch")], Lamp.PAUSED, ("Paused: Lunch", "0:12:03 · No queue")),
        ([agent(state="paused", reason="auto")], Lamp.PAUSED, ("Paused: calls missed", "0:12:03 · No queue")),
        ([agent(state="logged_out")], Lamp.OFF, ("Logged out", "0:12:03 · No queue")),
        ([agent(state="unreachable")], Lamp.UNREGISTERED, ("Not reachable", "0:12:03 · 1 queue")),
        ([agent(state="ringing")], Lamp.RINGING, ("Ringing", "0:12:03 · 1 queue")),
        ([agent(state="talking")], Lamp.TALKING, ("In a call", "0:12:03 · 1 queue")),
        ([agent(state="wrap_up")], Lamp.WRAP_UP, ("Wrap-up", "0:12:03 · 1 queue")),
        ([agent(state="busy_elsewhere")], Lamp.BUSY_ELSEWHERE, ("Busy elsewhere", "0:12:03 · 1 queue")),
    ],
)
def test_the_button_tells_the_state_by_lamp_word_and_time_Q_11(world, button, agents, lamp, said):
    world.tell_agents(*agents)
    assert (button.lamp, button.lines) == (lamp, said)
    assert button.accessibleName() == f"Agent status: {said[0]}"
    assert "since Thursday, 12 March 2026" in button.accessibleDescription()
    assert "since Thursday, 12 March 2026" in button.toolTip()


def test_when_the_connection_is_lost_the_state_is_unknown_and_nothing_can_be_done_KEY_5(world, button, menu):
    world.tell_agents(agent(), agent("6401", "Sales", "paused"))
    world.session.live.forget()
    assert (button.lamp, button.lines) == (Lamp.UNKNOWN, ("Unknown", "Queues"))
    assert lines(menu) == [("Support", "Unknown"), ("Sales", "Unknown")]
    assert enabled(menu) == set()
    assert menu.note.isVisible()
    assert "not known" in menu.note.text()
    assert not any(line.logged_in.isEnabled() or line.pause.isEnabled() for line in menu.lines.values())
    world.tell_agents(agent())
    assert not menu.note.isVisible()


def test_each_queue_has_its_line_with_state_and_time_Q_11(world, menu):
    world.tell_agents(
        agent("6401", "Sales", "paused", reason="Lunch", ago=timedelta(seconds=95)),
        agent(),
        agent("6402", LONG, "logged_out"),
        agent("6403", ""),
    )
    shown = lines(menu)
    assert shown[:2] == [("Support", "Available · 0:12:03"), ("Sales", "Paused: Lunch · 0:01:35")]
    assert "…" in shown[2][0]
    assert LONG in menu.lines["6402"].menuAction().toolTip()
    assert shown[3][0] == "6403", "a queue without a name is called by its number"


def test_a_long_reason_leaves_room_for_the_time_and_is_told_in_full_Q_11(world, menu, qtbot):
    reason = "Meeting with the supervisors about the plan of the weeks"
    world.tell_agents(agent(state="paused", reason=reason))
    ((_name, line),) = lines(menu)
    assert line.startswith("Paused: Meeting with")
    assert line.endswith("… · 0:12:03")
    menu.popup(menu.pos())
    qtbot.waitUntil(menu.isVisible)
    assert menu.width() < 600
    assert reason in menu.lines["6400"].menuAction().toolTip()


def test_of_a_long_queue_name_the_beginning_is_seen_on_a_call_Q_4(world, window):
    call = FakeCall("1004", "David Kim", CallState.INCOMING)
    call.called_for = Party("6400", LONG)
    shown = IncomingWindow(call)
    window_of_call = shown.grab().size()
    assert window_of_call.width() == 360
    assert shown.what.shown_text().startswith("Incoming call for Reception")
    world.phone.add(call)
    call.turn(CallState.ACTIVE)
    (card,) = window.findChildren(CallCard)
    assert card.state.shown_text().startswith("In a call for Re")
    shown.deleteLater()


def test_what_holds_after_the_call_is_told_Q_11(world, menu):
    world.tell_agents(agent(state="talking", paused=True))
    assert menu.lines["6400"].menuAction().toolTip() == "Support, 6400: In a call, then paused"
    world.tell_agents(agent(state="talking", logged_in=False))
    assert menu.lines["6400"].menuAction().toolTip() == "Support, 6400: In a call, then logged out"


@pytest.mark.parametrize(
    ("agents", "possible"),
    [
        ([agent()], {"log_out", "pause"}),
        ([agent(state="logged_out")], {"log_in", "log_in_last"}),
        ([agent(), agent("6401", state="logged_out")], {"log_in", "log_out", "pause"}),
        ([agent(), agent("6401", state="paused")], {"log_out", "pause", "resume"}),
        ([agent(dynamic=False)], {"pause"}),
        ([agent(dynamic=False), agent("6401", state="logged_out")], {"log_in", "log_in_last", "pause"}),
    ],
)
def test_only_what_makes_sense_can_be_chosen_Q_11(world, menu, agents, possible):
    world.tell_agents(*agents)
    assert enabled(menu) == possible


def test_a_static_agent_is_shown_as_always_logged_in_and_can_only_pause_Q_11(world, menu):
    world.tell_agents(agent(dynamic=False))
    assert not menu.log_in.isVisible()
    assert not menu.log_out.isVisible()
    line = menu.lines["6400"]
    assert (line.logged_in.isChecked(), line.logged_in.isEnabled()) == (True, False)
    assert line.logged_in.text() == "Always logged in (static agent)"
    assert line.pause.isEnabled()


async def test_all_queues_are_switched_at_once_Q_10(world, menu, settle):
    world.tell_agents(agent(), agent("6401", state="paused"), agent("6402", state="logged_out"))
    menu.log_in.trigger()
    await settle()
    menu.log_out.trigger()
    await settle()
    menu.resume.trigger()
    await settle()
    world.tell_agents(agent(state="logged_out"))
    menu.log_in_last.trigger()
    await settle()
    assert switches(world) == [
        ("all", {"logged_in": True}),
        ("all", {"logged_in": False}),
        ("all", {"paused": False}),
        ("last", {"logged_in": True}),
    ]


async def test_one_queue_is_switched_by_its_check_and_shown_once_told_Q_10(world, menu, settle):
    world.tell_agents(agent(), agent("6401", "Sales"))
    line = menu.lines["6400"]
    line.logged_in.trigger()
    assert line.logged_in.isChecked(), "not before the server says so"
    assert lines(menu)[0][1] == "Changing…"
    assert not line.logged_in.isEnabled()
    await settle()
    assert lines(menu)[0][1].startswith("Available")
    world.tell_agents(agent(state="logged_out"), agent("6401", "Sales", "paused"))
    assert not line.logged_in.isChecked()
    line.logged_in.trigger()
    await settle()
    menu.lines["6401"].resume.trigger()
    await settle()
    assert switches(world) == [
        ("6400", {"logged_in": False}),
        ("6400", {"logged_in": True}),
        ("6401", {"paused": False}),
    ]


async def test_a_pause_has_one_of_the_servers_reasons_or_none_Q_10(world, menu, settle):
    world.tell_agents(agent(), agent("6401"))
    menu.pause.fill()
    texts = [action.text() for action in menu.pause.actions()]
    assert texts[-1] == "Loading the reasons…"
    await settle()
    menu.pause.fill()
    texts = [action.text() for action in menu.pause.actions() if not action.isSeparator()]
    assert texts == ["Without a reason", "Break", "Lunch", "Meeting", "Training"]
    menu.pause.actions()[3].trigger()
    await settle()
    menu.lines["6401"].pause.fill()
    menu.lines["6401"].pause.actions()[0].trigger()
    await settle()
    assert switches(world) == [("all", {"paused": True, "reason": "Lunch"}), ("6401", {"paused": True})]


async def test_without_the_reasons_a_pause_is_still_possible_Q_10(world, menu, settle):
    world.tell_agents(agent())
    world.session.api.problem = PbxError("The server does not answer.")
    menu.pause.fill()
    await settle()
    menu.pause.fill()
    first, *_, last = menu.pause.actions()
    assert first.isEnabled()
    assert last.text() == "The reasons could not be loaded. The server does not answer."


async def test_what_was_not_done_is_told_and_tried_again_Q_10(world, window, menu, settle):
    world.tell_agents(agent())
    world.session.api.problem = PbxError("The server does not answer.")
    menu.log_out.trigger()
    await settle()
    assert window.message.text == "You were not logged out. The server does not answer."
    world.session.api.problem = None
    next(one for one in window.message.findChildren(QPushButton) if one.text() == "Try again").click()
    await settle()
    assert window.message.text == ""
    assert [queue for queue, _ in world.session.api.switches] == ["all", "all"]


def test_times_go_on_by_one_timer_that_runs_only_while_it_is_seen_Q_11(theme, qtbot):
    world, moment = World(), [NOW]
    window = world.window(clock=lambda: moment[0])
    button = window.toolbar.agent
    world.tell_agents(agent())
    assert not button.ticks
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    assert button.ticks
    moment[0] += timedelta(seconds=7)
    qtbot.waitUntil(lambda: button.lines[1].startswith("0:12:10"))
    menu = button.menu_of_agent
    button.open_menu()
    moment[0] += timedelta(seconds=1)
    qtbot.waitUntil(lambda: lines(menu)[0][1] == "Available · 0:12:11")
    menu.close()
    window.hide()
    assert not button.ticks


def test_thirty_queues_can_be_reached_by_keyboard_Q_11(world, window, menu, qtbot):
    world.tell_agents(*(agent(f"64{n:02}", f"Queue {n}") for n in range(30)))
    qtbot.keyClick(window, Qt.Key.Key_Q, CTRL_SHIFT)
    qtbot.waitUntil(menu.isVisible)
    assert len(menu.lines) == 30
    qtbot.keyClick(menu, Qt.Key.Key_Up)
    assert menu.activeAction() is menu.lines["6429"].menuAction()
    screen = window.screen().geometry()
    assert screen.contains(menu.geometry())
    menu.close()


def test_a_queue_that_comes_or_goes_while_the_menu_is_open_changes_it_Q_11(world, menu):
    world.tell_agents(agent(), agent("6401", "Sales"))
    line = menu.lines["6401"]
    world.tell_agents(agent("6401", "Sales"), agent("6402", "Returns"))
    assert lines(menu) == [("Sales", "Available · 0:12:03"), ("Returns", "Available · 0:12:03")]
    assert len([action for action in menu.actions() if action.menu() is not None]) == 3
    assert line is not None


def test_in_the_compact_window_the_lamp_stays_Q_11(world, window, button):
    world.tell_agents(agent())
    window.size_of.set_compact(True)
    assert button.isVisible()
    assert button.width() < 40
    assert button.lamp is Lamp.IDLE


async def test_reasons_that_are_told_again_take_no_choice_out_of_the_hand_Q_10(world, window, qtbot, settle):
    world.tell_agents(agent())
    menu = window.toolbar.agent.menu_of_agent.pause
    own = menu._source
    own._on_reasons(PauseReasons(reasons={"1": "Break", "2": "Lunch"}))
    menu.popup(window.mapToGlobal(window.rect().center()))
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    qtbot.keyClick(menu, Qt.Key.Key_Down)
    assert menu.activeAction().text() == "Break"
    own._on_reasons(PauseReasons(reasons={"1": "Break", "2": "Lunch"}))  # the answer to this opening
    assert menu.activeAction() is not None
    assert menu.activeAction().text() == "Break"
    own._on_reasons(PauseReasons(reasons={"1": "Break", "2": "Lunch", "3": "Meeting"}))
    assert menu.actions()[-1].text() == "Meeting"
    menu.close()
    await settle()
