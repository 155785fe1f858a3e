"""What a watching phone was told is judged: every document, their order, and whose they are (KEY-4)."""

import pytest

from tests.phones.dialog_info import CONTENT_TYPE, NAMESPACE
from tests.phones.phone import Line
from tests.phones.ports import LOOPBACK
from tests.phones.script_phone import ScriptPhone
from tests.phones.sipscript import Message
from tests.phones.subscription import Subscription

NOBODY = Line("1001", "a-secret", LOOPBACK, 9)


def told(version: int, state: str, *, of: str = "sip:1002@127.0.0.1") -> Message:
    """A NOTIFY with such a document."""
    body = (
        f'<dialog-info xmlns="{NAMESPACE}" version="{version}" state="full" entity="{of}">'
        f'<dialog id="1002" direction="recipient"><state>{state}</state></dialog></dialog-info>'
    )
    return Message("NOTIFY", [("Subscription-State", "active"), ("Content-Type", CONTENT_TYPE)], body)


def watching(*notices: Message) -> Subscription:
    key = Subscription(ScriptPhone(NOBODY), "1002")
    for notice in notices:
        key.notified(notice)
    return key


def test_what_came_is_read_in_its_order_also_when_more_comes() -> None:
    key = watching(told(0, "terminated"), told(1, "early"))
    assert key.lamps == ["idle", "ringing"]
    key.notified(told(2, "confirmed"))
    key.notified(told(2, "confirmed"))
    assert key.lamps == ["idle", "ringing", "talking", "talking"], "renewal repeats the last one"


@pytest.mark.parametrize(
    "notices",
    [
        (told(1, "early"), told(0, "terminated")),
        (told(0, "terminated"), told(2, "early")),
        (told(0, "terminated"), told(0, "early")),
        (told(0, "terminated"), told(1, "early", of="sip:1003@127.0.0.1")),
    ],
    ids=["an older one", "one is missing", "the same version of another state", "another's"],
)
def test_documents_that_do_not_follow_each_other_are_refused_KEY_4(notices: tuple[Message, ...]) -> None:
    with pytest.raises(AssertionError):
        _ = watching(*notices).lamps


def test_in_a_storm_an_older_document_is_not_shown_and_a_broken_one_still_refused_KEY_4() -> None:
    key = watching(told(0, "terminated"), told(3, "confirmed"), told(2, "early"))
    assert key.shown_in_a_storm == ["idle", "talking"]
    key.notified(told(4, "ringing"))
    for _ in range(2):
        with pytest.raises(AssertionError, match="dialog/state"):
            _ = key.shown_in_a_storm


async def test_a_broken_document_that_no_test_looked_at_is_found_when_the_phone_leaves_KEY_4() -> None:
    phone = ScriptPhone(NOBODY)
    key = Subscription(phone, "1002")
    phone.subscriptions["a call"] = key
    with pytest.raises(AssertionError, match="dialog/state"):
        async with phone:
            key.notified(told(0, "ringing"))
