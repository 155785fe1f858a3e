"""A set-up of queues is the same again when it is read back, whatever stands in it."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from server.contract.queue_setup import QueueSetup
from server.contract.queues import Queue, QueueOptions, QueueStrategy, RingTone
from server.rules.queues.setup_file import as_toml
from server.services.queue_setup import read_setup

words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"]), max_size=20
)
names = words.map(lambda text: f"a{text}".replace("/", "").strip())
numbers = st.integers(1000, 1009).map(str)
agents = st.lists(numbers, unique=True, max_size=4).map(lambda some: [{"extension": one} for one in some])
destinations = st.sampled_from(
    [
        {"kind": "hang_up"},
        {"kind": "queue", "value": "6401"},
        {"kind": "prompt", "value": 'we "are" shut'},
        {"kind": "external", "value": "+420530335533"},
    ]
)
periodic = st.none() | st.fixed_dictionaries(
    {
        "prompt": names,
        "every_s": st.integers(15, 3600),
        "choices": st.lists(
            st.builds(dict, key=st.sampled_from("123*"), destination=destinations),
            max_size=3,
            unique_by=lambda choice: choice["key"],
        ),
    }
)


@st.composite
def queues(draw, number: str) -> Queue:
    return Queue(
        number=number,
        name=draw(words),
        outbound=draw(st.booleans()),
        static_agents=draw(agents),
        managers=draw(st.lists(numbers, max_size=2)),
        strategy=draw(st.sampled_from(QueueStrategy)),
        failover=draw(destinations),
        music=draw(st.lists(names, max_size=3)),
        ringback=draw(st.none() | names),
        ring_tone=draw(st.none() | st.sampled_from(RingTone)),
        periodic=draw(periodic),
        position={"position": draw(st.booleans()), "every_s": draw(st.integers(15, 3600))},
        alert_info=draw(words),
    )


options = st.builds(
    QueueOptions,
    shared_wrap_up=st.booleans(),
    sync_hours=st.integers(1, 720),
    pause_reasons=st.dictionaries(
        st.from_regex(r"[0-9]{1,3}", fullmatch=True), words.map(lambda text: f"a{text}"[:30]), max_size=5
    ),
)
setups = st.builds(
    lambda options, *found: QueueSetup(options=options, queues=[one for one in found if one is not None]),
    options,
    *(st.none() | queues(f"640{last}") for last in range(3)),
)


@given(setups)
def test_what_was_written_is_read_again_Q_2(setup: QueueSetup) -> None:
    text = as_toml(setup)
    assert read_setup(text) == setup
    assert as_toml(read_setup(text)) == text
    assert read_setup(setup.model_dump_json(), as_json=True) == setup


def test_a_file_is_for_people_to_read() -> None:
    made = Queue(
        number="6400", static_agents=[{"extension": "1001"}, {"extension": "1002", "skill_level": 2}]
    )
    lines = as_toml(QueueSetup(queues=[made])).splitlines()
    assert lines[0].startswith("#")
    assert "[options]" in lines
    assert "[[queues]]" in lines
    assert 'number = "6400"' in lines
    assert '    { extension = "1002", skill_level = 2 },' in lines
    assert 'pause_reasons = { 1 = "Break", 2 = "Lunch", 3 = "Meeting", 4 = "Training" }' in lines
    assert not any("null" in line or "None" in line for line in lines)
    assert set(tomllib.loads("\n".join(lines))) == {"options", "queues"}
