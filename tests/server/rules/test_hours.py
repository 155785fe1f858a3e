"""Business hours and holidays, by the wall clock of a zone (ADMIN-2)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from server.contract.hours import ByHand, HolidayDates, Holidays, TimeCondition, Weekday, WeeklyPeriod
from server.rules.hours import in_hours, is_holiday, local_time, on_holiday, zone_named

WORKDAYS = list(Weekday)[:5]


def condition(*periods, **more):
    return TimeCondition(
        name="open",
        periods=[WeeklyPeriod(days=days, start=start, end=end) for days, start, end in periods],
        **more,
    )


def is_open(made, moment, zone="Europe/Prague", holidays=()):
    known = {one.name: one for one in holidays}
    return in_hours("open", {"open": made}, known, local_time(moment, zone_named(zone))).holds


def at(text, zone="Europe/Prague", fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


OFFICE = condition((WORKDAYS, "09:00", "12:00"), (WORKDAYS, "13:00", "17:00"))
NIGHT = condition(([Weekday.FRIDAY], "22:00", "06:00"))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02T08:59:59", False),
        ("2026-03-02T09:00", True),
        ("2026-03-02T11:59:59", True),
        ("2026-03-02T12:00", False),  # the break
        ("2026-03-02T13:00", True),
        ("2026-03-02T17:00", False),
        ("2026-03-07T10:00", False),  # a Saturday
    ],
)
def test_a_break_is_the_time_between_two_periods_ADMIN_2(moment, expected):
    assert is_open(OFFICE, at(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-06T21:59", False),
        ("2026-03-06T22:00", True),
        ("2026-03-07T00:00", True),
        ("2026-03-07T05:59", True),
        ("2026-03-07T06:00", False),
        ("2026-03-06T05:00", False),  # Friday's early hours belong to Thursday
    ],
)
def test_a_period_may_end_on_the_next_day_ADMIN_2(moment, expected):
    assert is_open(NIGHT, at(moment)) is expected


def test_the_day_on_which_a_period_began_is_the_one_that_counts_ADMIN_2():
    """The night of 31 December goes on in January; a night that began on a holiday is closed to its end."""
    december = NIGHT.model_copy(update={"months": (12,)})
    assert is_open(december, at("2027-01-01T05:00")) is False  # began on a Thursday
    every = condition((list(Weekday), "22:00", "06:00"), months=[12], days_of_month=[31])
    assert is_open(every, at("2027-01-01T05:00")) is True
    assert is_open(every, at("2027-01-01T23:00")) is False
    holidays = Holidays(name="eve", dates=[HolidayDates(first=date(2026, 12, 31))])
    closed = every.model_copy(update={"except_holidays": ("eve",)})
    assert is_open(closed, at("2027-01-01T05:00"), holidays=[holidays]) is False


def test_the_whole_day_is_open_at_every_minute_ADMIN_2():
    always = condition((list(Weekday), "00:00", "24:00"))
    assert all(is_open(always, at("2026-03-29T00:00") + timedelta(minutes=m)) for m in range(24 * 60))


def test_a_skipped_hour_does_not_happen_and_a_repeated_one_happens_twice_ADMIN_2():
    """Prague: 2026-03-29 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00."""
    night = condition((list(Weekday), "02:30", "03:30"))
    spring = [at("2026-03-29T01:59"), at("2026-03-29T03:00"), at("2026-03-29T03:30")]
    assert [is_open(night, moment) for moment in spring] == [False, True, False]
    hours = {moment.astimezone(UTC) for moment in spring[:2]}
    assert max(hours) - min(hours) == timedelta(minutes=1)
    autumn = [at("2026-10-25T02:45"), at("2026-10-25T02:15", fold=1), at("2026-10-25T02:45", fold=1)]
    assert [is_open(night, moment) for moment in autumn] == [True, False, True]


@pytest.mark.parametrize(
    ("dates", "inside", "outside"),
    [
        ({"first": "2026-12-24"}, ["2026-12-24"], ["2026-12-25", "2027-12-24"]),
        ({"first": "2026-12-24", "yearly": True}, ["2026-12-24", "2031-12-24"], ["2031-12-25"]),
        (
            {"first": "2026-12-24", "last": "2027-01-01", "yearly": True},
            ["2026-12-24", "2027-01-01", "2030-12-31", "2031-01-01"],
            ["2026-12-23", "2027-01-02"],
        ),
        ({"first": "2026-07-01", "last": "2026-07-14"}, ["2026-07-01", "2026-07-14"], ["2026-07-15"]),
        ({"first": "2024-02-29", "yearly": True}, ["2028-02-29"], ["2027-02-28", "2027-03-01"]),
    ],
)
def test_holidays_are_days_or_ranges_once_or_yearly_ADMIN_2(dates, inside, outside):
    holidays = Holidays(name="h", dates=[dates])
    found = [day for day in inside + outside if is_holiday(holidays, date.fromisoformat(day))]
    assert found == inside


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (WeeklyPeriod, {"days": ["monday"], "start": "09:00", "end": "09:00"}),
        (WeeklyPeriod, {"days": ["monday"], "start": "9:00", "end": "10:00"}),
        (WeeklyPeriod, {"days": ["monday"], "start": "24:00", "end": "10:00"}),
        (WeeklyPeriod, {"days": ["monday"], "start": "09:00", "end": "24:01"}),
        (WeeklyPeriod, {"days": [], "start": "09:00", "end": "10:00"}),
        (WeeklyPeriod, {"days": ["mon"], "start": "09:00", "end": "10:00"}),
        (TimeCondition, {"name": "x", "periods": []}),
        (HolidayDates, {"first": "2026-02-30"}),
        (HolidayDates, {"first": "2026-03-02", "last": "2026-03-01"}),
        (HolidayDates, {"first": "2026-03-02", "last": "2027-03-02", "yearly": True}),
    ],
)
def test_what_is_no_period_or_date_is_refused(model, given):
    with pytest.raises(ValidationError):
        model.model_validate(given)


def test_what_is_not_known_counts_as_closed_ADMIN_2():
    wall = at("2026-03-02T10:00")
    assert not in_hours("gone", {"open": OFFICE}, {}, wall).holds
    assert not in_hours("open", {"open": OFFICE}, {}, None).holds
    excepting = OFFICE.model_copy(update={"except_holidays": ("gone",)})
    assert not in_hours("open", {"open": excepting}, {}, wall).holds
    assert not on_holiday("gone", {}, wall).holds
    assert not on_holiday("gone", {}, None).holds
    assert local_time(wall, zone_named("Nowhere/Atall")) is None
    assert local_time(wall, zone_named("Europe")) is None
    assert local_time(wall, zone_named("../etc/passwd")) is None
    assert local_time(datetime(2026, 3, 2, 10, 0), zone_named("UTC")) is None  # noqa: DTZ001
    assert local_time(datetime.max.replace(tzinfo=UTC), zone_named("Pacific/Kiritimati")) is None


ZONES = ["Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]
CHANGES = [datetime(2026, 3, 8), datetime(2026, 3, 29), datetime(2026, 4, 5), datetime(2026, 10, 4)]  # noqa: DTZ001
CHANGES += [datetime(2026, 10, 25), datetime(2026, 11, 1), datetime(2026, 7, 1)]  # noqa: DTZ001
MINUTES = st.integers(0, 24 * 60 - 1)


def _clock(minutes):
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _open_minutes(periods):
    """Walk each period minute by minute, over the end of the week too: minutes since Monday 00:00."""
    week = 7 * 24 * 60
    return {
        (list(Weekday).index(day) * 24 * 60 + start + step) % week
        for days, start, end in periods
        for day in days
        for step in range((end - start) % (24 * 60))
    }


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from(list(Weekday)), min_size=1, max_size=3), MINUTES, MINUTES).filter(
            lambda period: period[1] != period[2]
        ),
        min_size=1,
        max_size=2,
    ),
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.integers(-600, 2000),
)
def test_hours_agree_with_a_walk_over_the_minutes_in_any_zone_ADMIN_2(periods, zone, day, offset):
    """Around days on which clocks change: every ten minutes over half a day."""
    made = condition(*((days, _clock(start), _clock(end)) for days, start, end in periods))
    expected = _open_minutes(periods)
    for step in range(0, 720, 10):
        moment = day.replace(tzinfo=UTC) + timedelta(minutes=offset + step)
        wall = moment.astimezone(ZoneInfo(zone))
        minute = (wall.weekday() * 24 + wall.hour) * 60 + wall.minute
        assert is_open(made, moment, zone) is (minute in expected), (wall, made)


@pytest.mark.parametrize("zone", ["Europe/Prague", "nowhere"])
def test_what_was_switched_by_hand_goes_before_the_periods_CODE_1(zone):
    for moment in (at("2026-03-02T10:00"), at("2026-03-07T10:00")):
        assert is_open(OFFICE.model_copy(update={"by_hand": ByHand.OPEN}), moment, zone)
        assert not is_open(OFFICE.model_copy(update={"by_hand": ByHand.CLOSED}), moment, zone)
