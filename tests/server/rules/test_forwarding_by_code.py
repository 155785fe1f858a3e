"""CODE-1, PRES-3: how a code that forwards changes the settings."""

from hypothesis import given
from hypothesis import strategies as st

from server.contract.destinations import Destination
from server.contract.presence import PresenceStatus
from server.contract.reaching import ForwardingCondition, ReachingSettings
from server.rules.forwarding_by_code import forward, forwarded, last_destination

STATUS = st.sampled_from([*PresenceStatus])
CONDITION = st.sampled_from([*ForwardingCondition])
TO = st.none() | st.sampled_from(["1002", "1003"]).map(lambda n: Destination(kind="extension", value=n))


@given(st.lists(st.tuples(STATUS, CONDITION, TO), max_size=12))
def test_each_code_changes_one_thing_and_the_last_destination_is_known_CODE_1(steps):
    settings, expected, last = ReachingSettings(), {}, {}
    for status, condition, to in steps:
        changed = forward(settings, status, condition, to)
        if changed is None:
            assert status is PresenceStatus.DO_NOT_DISTURB
            assert condition is not ForwardingCondition.ALWAYS
            continue
        settings = ReachingSettings.model_validate(changed.model_dump())
        expected[status, condition] = to
        last[condition] = to or last.get(condition)
    for status in PresenceStatus:
        of_status = settings.statuses.of(status)
        for condition in ForwardingCondition:
            to = expected.get((status, condition))
            assert forwarded(settings, status, condition) == to
            assert getattr(of_status.internal, condition, None) == to
            known = last_destination(settings, status, condition, has_mobile=False)
            assert known is None or known.value in ("1002", "1003")
            if to is not None:
                assert known == to
            elif last.get(condition) is not None:
                assert known is not None
        assert of_status.model_copy(update={"internal": None, "external": None}) == (
            ReachingSettings().statuses.of(status).model_copy(update={"internal": None, "external": None})
        ), "nothing else changes"


def test_the_own_mobile_number_is_the_last_resort_CODE_1():
    status, condition = PresenceStatus.AVAILABLE, ForwardingCondition.ALWAYS
    found = last_destination(ReachingSettings(), status, condition, has_mobile=True)
    assert found == Destination(kind="mobile")
