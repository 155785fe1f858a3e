"""KEY-2, KEY-3, KEY-5, BOSS-3, BOSS-4: what a key shows and what a click does, without a window."""

from datetime import timedelta

import pytest
from fakes import NOW, FakeCall, LineState, World, agent, colleague

from linkus_desktop.calls.popup_runner import PopUpRunner
from linkus_desktop.pbx.agents import OwnQueues
from linkus_desktop.pbx.recordings import OwnCalls
from linkus_desktop.sip.values import CallState, TransferState
from linkus_desktop.ui.keys.actions import KeyActions
from linkus_desktop.ui.keys.faces import TYPE_WORDS, face_of
from linkus_desktop.ui.keys.sources import Sources
from linkus_desktop.ui.lamps import Lamp
from server.contract.keys import FunctionKey, KeyType
from server.contract.pairs import Pair, PairCall, PairState
from server.contract.parking import ParkedCall
from server.contract.presence import PresenceStatus
from server.contract.reaching import OwnForwarding
from server.contract.voicemail import MailboxState


def key(kind, value="", label=""):
    return FunctionKey(type=kind, value=value, label=label)


def pair(state, *callers, secretary="1003"):
    calls = [
        PairCall(id=f"p{place}", number=number, name=name, since=NOW - timedelta(seconds=95))
        for place, (number, name) in enumerate(callers)
    ]
    return Pair(
        boss="1001", secretary=secretary, secretary_name="Chiara Rossi", boss_name="Anna Novak",
        value=f"*59{secretary}", state=PairState(state), since=NOW - timedelta(minutes=2), calls=tuple(calls),
    )  # fmt: skip


class Keys:
    """Faces and actions over a made-up world; what was said and asked."""

    def __init__(self, world: World) -> None:
        self.world, self.live = world, world.session.live
        api = world.session.api
        queues = OwnQueues(self.live.agents, api, lambda: "1001")
        self.sources = Sources(
            self.live, world.phone, OwnCalls(self.live.calls, api), lambda: "1001", queues=queues
        )
        self.opened: list[str] = []
        runner = PopUpRunner(open_address=self._open)
        self.actions = KeyActions(world.session, world.phone, self.sources, runner=runner)
        self.said: list[str] = []
        self.asked: list[tuple] = []
        self.prefixes: list[str] = []
        self.actions.problem.connect(self.said.append)
        self.actions.question.connect(self._on_question)
        self.actions.prefix_wanted.connect(self.prefixes.append)

    def face(self, kind, value="", label=""):
        return face_of(key(kind, value, label), self.sources, NOW)

    def seen(self, kind, value=""):
        face = self.face(kind, value)
        return face.lamp, face.line(NOW)

    def press(self, kind, value=""):
        self.actions.press(key(kind, value))

    def pairs(self, *pairs):
        self.live.pairs.take_snapshot({f"{one.boss}/{one.secretary}": one for one in pairs})

    def talk(self, number="1007", name="Grace Okafor"):
        return self.world.phone.add(FakeCall(number, name, CallState.ACTIVE, talked=timedelta(seconds=9)))

    def _on_question(self, *asked):
        self.asked.append(asked)

    def _open(self, address):
        self.opened.append(address)
        return True


@pytest.fixture
def keys(qapp, world):
    return Keys(world)


@pytest.mark.parametrize(
    ("number", "lamp", "word"),
    [
        ("1001", Lamp.IDLE, "Available"),
        ("1002", Lamp.TALKING, "In a call"),
        ("1004", Lamp.RINGING, "Ringing"),
        ("1005", Lamp.HELD, "On hold"),
        ("1006", Lamp.DO_NOT_DISTURB, "Do not disturb"),
        ("1008", Lamp.UNREGISTERED, "Not registered · Off work"),
        ("1999", Lamp.UNKNOWN, "No such extension"),
    ],
)
def test_a_blf_key_shows_each_state_by_lamp_and_word_KEY_3(keys, number, lamp, word):
    assert keys.seen("blf", number) == (lamp, word)


def test_a_tooltip_says_who_what_and_since_when_KEY_3(keys):
    face = keys.face("blf", "1002", "The boss's right hand")
    assert face.name == "The boss's right hand"
    assert "Ben Carter, 1002: In a call" in face.told
    assert "since Thursday, 12 March 2026" in face.told
    assert "(4 min)" in face.told
    assert keys.face("blf", "1002").name == "Ben Carter"


EVERY = [
    ("blf", "1002"), ("boss_secretary", "*591003"), ("intercom", "1002"), ("park", "6900"),
    ("pickup", "1002"), ("voicemail", ""), ("presence", "away"), ("forward", "always"),
    ("agent_login", "6400"), ("agent_pause", "all"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), EVERY)
def test_when_the_connection_is_lost_every_lamp_is_unknown_at_once_KEY_5(keys, kind, value):
    keys.pairs(pair("idle"))
    keys.world.tell_agents(agent())
    for topic in (keys.live.parked, keys.live.voicemail, keys.live.forwarding):
        topic.take_snapshot({})
    before = keys.face(kind, value)
    assert before.word != "Unknown"
    keys.live.forget()
    face = keys.face(kind, value)
    assert face.lamp is Lamp.UNKNOWN
    assert "Unknown" in face.word
    assert face.name == before.name, "whose it is stays known"


def test_before_anything_is_told_nothing_is_guessed_KEY_5(qapp):
    keys = Keys(World(people=None, calls=None))
    for kind, value in EVERY:
        assert keys.face(kind, value).lamp is Lamp.UNKNOWN


def test_a_pair_is_off_green_red_and_flashing_BOSS_3(keys):
    keys.pairs(pair("off"))
    assert keys.seen("boss_secretary", "*591003") == (Lamp.OFF, "Switched off")
    keys.pairs(pair("idle"))
    assert keys.seen("boss_secretary", "*591003") == (Lamp.IDLE, "Free")
    keys.pairs(pair("answering", ("00420777", "Emily Stone")))
    assert keys.seen("boss_secretary", "*591003") == (Lamp.TALKING, "Answers Emily Stone")
    keys.pairs(pair("held", ("00420777", "Emily Stone")))
    assert keys.seen("boss_secretary", "*591003") == (Lamp.HELD, "Emily Stone waits · 0:01:35")
    assert keys.face("boss_secretary", "*591003").lamp.blinks


def test_the_boss_sees_who_waits_since_when_and_how_many_BOSS_3(keys):
    keys.pairs(pair("held", ("00420777", "Emily Stone"), ("1007", ""), ("", "")))
    face = keys.face("boss_secretary", "*591003")
    assert face.word == "Emily Stone waits (+2)"
    assert "holds 3 calls for you" in face.told
    assert "Emily Stone, 00420777: since Thursday" in face.told
    assert "Grace Okafor, 1007" in face.told
    assert "Anonymous, no number" in face.told


def test_another_bosss_pair_with_the_same_secretary_is_not_mine_BOSS_5(keys):
    keys.pairs(pair("held").model_copy(update={"boss": "1002"}))
    assert keys.seen("boss_secretary", "*591003") == (Lamp.UNKNOWN, "Not set up")


def test_parking_voicemail_presence_forwarding_and_recording_show_theirs_KEY_2(keys, world):
    live = keys.live
    parked = ParkedCall(slot="6900", number="1007", name="", by="1002", since=NOW - timedelta(seconds=40))
    live.parked.take_snapshot({"6900": parked})
    assert keys.seen("park", "6900") == (Lamp.HELD, "Grace Okafor · 0:00:40")
    assert "parked by Ben Carter" in keys.face("park", "6900").told
    assert keys.seen("park", "6901") == (Lamp.OFF, "Free")
    live.voicemail.take_snapshot(
        {
            box: MailboxState(box=box, name="", group=False, new=new, heard=0)
            for box, new in (("1001", 1), ("6500", 0))
        }
    )
    assert keys.seen("voicemail") == (Lamp.MESSAGES, "1 new message")
    assert keys.seen("voicemail", "6500") == (Lamp.OFF, "No new messages")
    assert keys.seen("voicemail", "1002") == (Lamp.UNKNOWN, "Listen")
    assert keys.seen("presence", "away") == (Lamp.OFF, "Off")
    world.tell(colleague("1001", "Anna Novak", status=PresenceStatus.AWAY))
    assert keys.seen("presence", "away") == (Lamp.AWAY, "On")
    to = {"condition": "busy", "destination": {"kind": "extension", "value": "1003"}}
    live.forwarding.take_snapshot({"busy": OwnForwarding.model_validate(to)})
    assert keys.seen("forward", "busy") == (Lamp.ON, "To Chiara Rossi")
    assert keys.seen("forward", "busy:1003") == (Lamp.ON, "To Chiara Rossi")
    assert keys.seen("forward", "busy:1002") == (Lamp.OFF, "Now to Chiara Rossi")
    assert keys.seen("forward", "always") == (Lamp.OFF, "Off")
    assert keys.seen("recording") == (Lamp.OFF, "No call")
    call = keys.talk()
    assert keys.seen("recording")[0] is Lamp.UNKNOWN
    world.tell_recording(call, "recording", actions=("pause",))
    assert keys.seen("recording") == (Lamp.RECORDING, "Recording")
    world.tell_recording(call, "paused", actions=("resume",))
    assert keys.seen("recording") == (Lamp.OFF, "Paused")


def test_every_type_has_a_face_and_a_name_KEY_2(keys):
    values = {
        "presence": "away",
        "forward": "always",
        "url": "https://crm.example/x",
        "boss_secretary": "*591003",
    }
    for kind in KeyType:
        value = values.get(kind, "" if kind in {KeyType.RECORDING, KeyType.VOICEMAIL} else "1002")
        face = keys.face(kind, value)
        assert face.name
        assert face.word
        assert face.told
        assert (face.lamp is None) == bool(face.icon), kind
    assert set(TYPE_WORDS) == set(KeyType)


AGENTS = [
    ([agent()], "agent_login", "6400", Lamp.ON, "Logged in"),
    ([agent(state="logged_out")], "agent_login", "6400", Lamp.OFF, "Logged out"),
    ([agent(dynamic=False)], "agent_login", "6400", Lamp.ON, "Always logged in"),
    ([agent(), agent("6401")], "agent_login", "all", Lamp.ON, "Logged in"),
    ([agent(), agent("6401", state="logged_out")], "agent_login", "all", Lamp.ON, "Logged in (1 of 2)"),
    ([agent(dynamic=False), agent("6401", state="logged_out")], "agent_login", "all", Lamp.OFF, "Logged out"),
    ([agent()], "agent_pause", "6400", Lamp.OFF, "Not paused"),
    ([agent(state="logged_out")], "agent_pause", "6400", Lamp.OFF, "Logged out"),
    ([agent(state="paused", reason="Lunch")], "agent_pause", "6400", Lamp.PAUSED, "Paused: Lunch · 0:12:03"),
    ([agent(state="paused"), agent("6401")], "agent_pause", "all", Lamp.PAUSED, "Paused (1 of 2)"),
    ([agent()], "agent_login", "6401", Lamp.UNKNOWN, "Not an agent"),
    ([], "agent_pause", "all", Lamp.UNKNOWN, "Not an agent"),
]


@pytest.mark.parametrize(("agents", "kind", "value", "lamp", "word"), AGENTS)
def test_an_agents_key_shows_the_place_in_its_queue_or_in_all_KEY_2(keys, agents, kind, value, lamp, word):
    keys.world.tell_agents(*agents)
    assert keys.seen(kind, value) == (lamp, word)


def test_an_agents_key_is_called_by_its_queue_and_follows_its_changes_KEY_2(keys):
    keys.world.tell_agents(agent())
    assert keys.face("agent_login", "6400").name == "Log in Support"
    assert keys.face("agent_pause", "all").name == "Pause in all queues"
    changed = []
    keys.sources.changed.connect(changed.append)
    keys.world.tell_agents(agent(state="paused"))
    watched = set(keys.sources.watched(key("agent_pause", "6400")))
    assert any(one is None or watched & one for one in changed)


# What a click does


def test_an_idle_colleague_is_called_and_a_ringing_one_picked_up_KEY_3(keys):
    phone = keys.world.phone
    keys.press("blf", "1003")
    assert phone.dialled == ["1003"]
    keys.world.tell(colleague("1003", "Chiara", call=LineState.RINGING))
    phone.calls[0].finish(by_us=True)
    keys.press("blf", "1003")
    assert phone.dialled == ["1003", "*041003"]
    assert phone.calls[0].number == "1003"


def test_in_a_call_a_click_on_a_colleague_asks_what_is_meant_KEY_3(keys):
    call = keys.talk()
    assert keys.actions.asks(key("blf", "1003"))
    assert not keys.actions.asks(key("blf", "1004")), "one that rings is picked up"
    assert not keys.actions.asks(key("speed_dial", "1003"))
    choices = {choice.text: choice.do for choice in keys.actions.choices(key("blf", "1003"))}
    assert list(choices) == [
        "Transfer the call to Chiara Rossi", "Ask Chiara Rossi first", "Call Chiara Rossi",
        "Speak to Chiara Rossi (intercom)",
    ]  # fmt: skip
    choices["Transfer the call to Chiara Rossi"]()
    assert (call.transfer_progress.state, call.transfer_progress.to) == (TransferState.ASKED, "1003")


def test_a_consultation_begins_from_a_key_SIP_4(keys):
    call = keys.talk()
    next(c for c in keys.actions.choices(key("blf", "1003")) if c.text.startswith("Ask")).do()
    assert keys.world.phone.calls[-1].consultation_for is call


@pytest.mark.parametrize(
    ("kind", "value", "dialled"),
    [
        ("speed_dial", "+420530335533", "+420530335533"),
        ("intercom", "1002", "*61002"),
        ("pickup", "6200", "*046200"),
        ("voicemail", "", "*2"),
        ("voicemail", "6500", "*26500"),
        ("forward", "always:1002", "*311002"),
        ("forward", "no_answer", "*33"),
    ],
)
def test_keys_dial_what_they_stand_for_KEY_2(keys, kind, value, dialled):
    keys.live.forwarding.take_snapshot({})
    keys.press(kind, value)
    assert (keys.world.phone.dialled, keys.said) == ([dialled], [])


def test_forwarding_is_switched_off_where_it_is_on_KEY_2(keys):
    to = {"condition": "busy", "destination": {"kind": "extension", "value": "1003"}}
    keys.live.forwarding.take_snapshot({"busy": OwnForwarding.model_validate(to)})
    keys.press("forward", "busy:1003")
    keys.press("forward", "busy:1002")
    assert keys.world.phone.dialled == ["*032", "*321002"]
    keys.live.forget()
    keys.press("forward", "busy:1002")
    assert "not known now" in keys.said[0]


def test_a_green_key_asks_first_and_only_then_switches_the_pair_off_BOSS_2(keys):
    keys.pairs(pair("idle"))
    keys.press("boss_secretary", "*591003")
    assert keys.world.phone.dialled == []
    text, word, agreed = keys.asked[0]
    assert ("Chiara Rossi" in text, word) == (True, "Switch off")
    agreed()
    assert keys.world.phone.dialled == ["*591003"]


def test_agreeing_late_does_not_take_or_switch_what_is_different_by_then_BOSS_2(keys):
    keys.pairs(pair("idle"))
    keys.press("boss_secretary", "*591003")
    for state in ("held", "off"):
        keys.pairs(pair(state, ("1007", "Grace")))
        keys.asked[0][2]()
    assert keys.world.phone.dialled == []
    assert "another state" in keys.said[0]


def test_a_flashing_key_gets_the_caller_at_once_and_a_dark_one_switches_on_BOSS_4(keys):
    keys.pairs(pair("held", ("00420777", "Emily Stone")))
    keys.press("boss_secretary", "*591003")
    phone = keys.world.phone
    assert (phone.dialled, keys.asked) == (["*591003"], [])
    assert (phone.calls[0].number, phone.calls[0].picks_up) == ("00420777", True)
    keys.pairs(pair("off"))
    keys.press("boss_secretary", "*591003")
    assert phone.dialled == ["*591003", "*591003"]


def test_a_pair_that_is_not_known_is_not_dialled_by_one_click_KEY_5(keys):
    keys.press("boss_secretary", "*591003")
    assert keys.world.phone.dialled == []
    assert "not known" in keys.asked[0][0]


def test_a_parking_key_parks_the_call_or_takes_the_parked_one_KEY_2(keys):
    keys.live.parked.take_snapshot({})
    keys.press("park", "6900")
    assert "none to park" in keys.said[0]
    call = keys.talk()
    keys.press("park", "6900")
    assert call.transfer_progress.to == "*056900"
    parked = ParkedCall(slot="6901", number="1007", name="", by="1002", since=NOW)
    keys.live.parked.take_snapshot({"6901": parked})
    keys.press("park", "6901")
    assert keys.world.phone.dialled == ["6901"]


def test_dtmf_prefix_recording_and_address_KEY_2(keys, qtbot):
    for kind, value, said in (("dtmf", "12#", "There is none now"), ("recording", "", "There is none now")):
        keys.press(kind, value)
        assert said in keys.said.pop()
    keys.press("url", "https://crm.example/?q={number}&n={name}")
    call = keys.talk("00420777", "Emily & Co")
    keys.press("dtmf", "12#")
    assert call.digits == "12#"
    with qtbot.waitSignal(keys.actions.record_wanted):
        keys.press("recording")
    keys.press("prefix", "00")
    assert keys.prefixes == ["00"]
    keys.press("url", "https://crm.example/?q={number}&n={name}")
    assert keys.opened == ["https://crm.example/?q=&n=", "https://crm.example/?q=00420777&n=Emily%20%26%20Co"]


async def test_a_presence_key_switches_there_and_back_KEY_2(keys, settle):
    keys.press("presence", "away")
    await settle()
    keys.world.tell(colleague("1001", "Anna", status=PresenceStatus.AWAY))
    keys.press("presence", "away")
    await settle()
    chosen = [change.status for change in keys.world.session.presences]
    assert chosen == [PresenceStatus.AWAY, PresenceStatus.AVAILABLE]
    keys.live.forget()
    keys.press("presence", "away")
    assert "not known" in keys.said[0]


@pytest.mark.parametrize(
    ("agents", "kind", "value", "asked"),
    [
        ([agent()], "agent_login", "6400", ("6400", {"logged_in": False})),
        ([agent(state="logged_out")], "agent_login", "6400", ("6400", {"logged_in": True})),
        ([agent(), agent("6401", state="logged_out")], "agent_login", "all", ("all", {"logged_in": False})),
        ([agent()], "agent_pause", "6400", ("6400", {"paused": True})),
        ([agent(state="paused")], "agent_pause", "6400", ("6400", {"paused": False})),
        ([agent(state="paused"), agent("6401")], "agent_pause", "all", ("all", {"paused": False})),
        ([agent(dynamic=False)], "agent_pause", "all", ("all", {"paused": True})),
    ],
)
async def test_an_agents_key_switches_there_and_back_KEY_2(keys, settle, agents, kind, value, asked):
    keys.world.tell_agents(*agents)
    keys.press(kind, value)
    assert keys.face(kind, value).word == "Changing…"
    await settle()
    queue, change = keys.world.session.api.switches[0]
    assert (queue, change.model_dump(exclude_defaults=True)) == asked


@pytest.mark.parametrize(
    ("agents", "kind", "value", "said"),
    [
        ([agent(dynamic=False)], "agent_login", "6400", "always logged in"),
        ([agent(state="logged_out")], "agent_pause", "6400", "Log in first"),
        ([agent()], "agent_login", "6401", "no agent there any more"),
    ],
)
def test_what_an_agents_key_cannot_do_is_told_KEY_2(keys, agents, kind, value, said):
    keys.world.tell_agents(*agents)
    keys.press(kind, value)
    assert said in keys.said[0]
    keys.live.forget()
    keys.press(kind, value)
    assert "not known now" in keys.said[1]
    assert keys.world.session.api.switches == []


def test_what_the_phone_cannot_do_and_codes_that_are_off_are_told_KEY_2(keys):
    keys.world.phone.problem = "4 calls are the most at a time. End one first."
    keys.press("blf", "1003")
    assert keys.said.pop() == keys.world.phone.problem
    keys.world.session.me = keys.world.session.me.model_copy(update={"feature_codes": {}})
    for kind, value in (("intercom", "1002"), ("pickup", "1002"), ("voicemail", "")):
        keys.press(kind, value)
        assert "switched the feature code" in keys.said.pop()
