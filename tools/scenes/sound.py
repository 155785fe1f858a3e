"""How a call sounds and is recorded, in the call's card."""

from collections.abc import Callable
from datetime import timedelta

import fakes

from linkus_desktop.pbx.errors import NotConnected
from linkus_desktop.sip.values import CallState
from linkus_desktop.ui.window_size import WHOLE_LEAST
from tools.scenes.desk import BAD, LONG, Desk, Scene

LONG_ENOUGH = 8
"""Seconds of a bad line after which it is told."""


def recording(state: str | None = "recording", *actions: str, refusal: str = "") -> Scene:
    """The call is recorded, or was, or may not be."""
    desk = Desk()
    desk.call(recording=state, actions=actions, refusal=refusal)
    return desk.scene()


def recording_failed() -> Scene:
    """The server was away when it was asked."""
    desk = Desk()
    call = desk.call()
    desk.world.session.api.problem = NotConnected("It does not answer.")
    return desk.scene(desk.card(call).recording.press)


def bad(desk: Desk) -> fakes.FakeCall:
    """A line that has been bad for some seconds."""
    call = desk.call(quality=BAD)
    for second in range(LONG_ENOUGH):
        desk.card(call).quality.follow(call, fakes.NOW + timedelta(seconds=second))
    return call


def quality_bad() -> Scene:
    """Why it sounds bad."""
    desk = Desk()
    bad(desk)
    return desk.scene()


def quality_details() -> Scene:
    """All figures."""
    desk = Desk()
    call = desk.call()
    return desk.scene(desk.card(call).quality.sign.click)


def everything(desk: Desk) -> Desk:
    """All that a card can have at a time: long name, recording, bad line, a second call."""
    desk.call("1004", "David Kim", CallState.HELD, seconds=3700, recording="paused", actions=["resume"])
    call = desk.call("12345678", LONG, quality=BAD, recording="paused", actions=["resume"])
    for second in range(LONG_ENOUGH):
        desk.card(call).quality.follow(call, fakes.NOW + timedelta(seconds=second))
    return desk


def smallest() -> Scene:
    """The same in the smallest window."""
    desk = everything(Desk())
    desk.window.resize(WHOLE_LEAST)
    return desk.scene()


SCENES: dict[str, Callable[[], Scene]] = {
    "main-recording": lambda: recording("recording", "pause"),
    "main-recording-paused": lambda: recording("paused", "resume"),
    "main-recording-not-allowed": lambda: recording(None, refusal="not_allowed"),
    "main-recording-by-other": lambda: recording("recording", refusal="not_yours"),
    "main-recording-no-room": lambda: recording("disk_full", refusal="over"),
    "main-recording-failed": recording_failed,
    "main-recording-long-names": lambda: everything(Desk()).scene(),
    "main-recording-smallest": smallest,
    "main-quality-details": quality_details,
    "main-quality-bad": quality_bad,
    "main-compact-recording": lambda: everything(Desk().compact()).scene(),
}
DOUBLED = {"main-recording", "main-quality-bad", "main-recording-long-names"}
