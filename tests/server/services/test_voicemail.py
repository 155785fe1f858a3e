"""VM-1, VM-3, VM-4, VM-6: mailboxes kept in the database and in files."""

import math
import struct
import wave
from pathlib import Path

import pytest

from server.contract.errors import ErrorCode
from server.contract.events import Topic
from server.contract.extensions import ExtensionChange, ExtensionCreate, Role
from server.contract.presence import PresenceStatus
from server.contract.queues import Queue
from server.contract.routing import RingGroup
from server.contract.voicemail import MAX_GREETING_BYTES, GroupMailbox, VoicemailSettings
from server.services.accounts import Who
from server.services.errors import AuthError, ServiceError
from server.services.hub import Hub
from server.services.voicemail import Voicemail
from server.services.voicemail_audio import speech_of
from server.services.voicemail_files import VoicemailFiles
from server.switch.port import Party, Recorded
from tests.phones import g711
from tests.phones.waiting import until
from tests.server.services.test_hub import Wire

ANNA = Party("1001", "Anna")


def samples(seconds: float) -> bytes:
    count = int(8000 * seconds)
    return b"".join(struct.pack("<h", int(9000 * math.sin(n / 4))) for n in range(count))


def wav(body: bytes, *, kind: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    head = struct.pack(
        "<HHIIHH", kind, channels, rate, rate * bits // 8 * channels, bits // 8 * channels, bits
    )
    chunks = b"WAVEfmt " + struct.pack("<I", len(head)) + head + b"LIST\x03\x00\x00\x00abc\x00"
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


@pytest.fixture
async def hub(core):
    for number in ("1001", "1002", "1003"):
        await core.extensions.add(ExtensionCreate(number=number, first_name=number), by="test")
    hub = Hub()
    await core.voicemail.start(hub)
    yield hub
    await core.voicemail.stop()


@pytest.fixture
def voicemail(core, hub) -> Voicemail:
    del hub
    return core.voicemail


@pytest.fixture
def spool(core) -> Path:
    folder = core.settings.data / "asterisk/spool/recording/voicemail"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def record(spool):
    """A finished recording of the engine."""

    def make(name: str = "r1", seconds: float = 3.0) -> Recorded:
        path = spool / f"{name}.wav"
        path.write_bytes(wav(samples(seconds)))
        return Recorded(path, seconds)

    return make


def another(core) -> Voicemail:
    """The service of the next server process."""
    files = VoicemailFiles(
        core.settings.data / "voicemail", spool=core.settings.data / "asterisk/spool/recording"
    )
    own = core.voicemail
    return Voicemail(
        db=core.db,
        clock=core.clock,
        audit=core.audit,
        passwords=own._passwords,
        throttle=own._throttle,
        extensions=core.extensions,
        configuration=core.configuration,
        files=files,
    )


def user(number: str) -> Who:
    return Who(account_id=int(number), user=number, number=number, role=Role.USER, session_id=number)


async def refused(work) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        await work
    return error.value


async def test_a_message_is_kept_with_its_sound_and_only_its_owner_is_told_VM_4(core, voicemail, hub, record):
    recorded = record()
    content = recorded.path.read_bytes()
    message = await voicemail.messages.add("1002", ANNA, recorded)
    assert await voicemail.messages.list("1002") == [message]
    assert (message.caller, message.caller_name, message.seconds) == ("1001", "Anna", 3.0)
    path = await voicemail.messages.file("1002", message.id)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not recorded.path.exists()
    state = (await hub.snapshot(user("1002"), Topic.VOICEMAIL))["1002"]
    assert (state.new, state.heard) == (1, 0)
    assert (await hub.snapshot(user("1001"), Topic.VOICEMAIL))["1001"].new == 0
    assert "1002" not in await hub.snapshot(user("1001"), Topic.VOICEMAIL)
    assert (await refused(voicemail.messages.file("1001", message.id))).code is ErrorCode.NOT_FOUND
    again = another(core)
    assert await again.messages.list("1002") == [message]


async def test_the_count_is_told_live_to_who_may_hear_the_mailbox_VM_4(core, voicemail, hub, record):
    await core.configuration.put(GroupMailbox(number="650", members=("1002",)), by="test")
    boris, anna = Wire(hub, user("1002")), Wire(hub, user("1001"))
    for wire in (boris, anna):
        wire.subscriber.subscribe([Topic.VOICEMAIL])
        await until(lambda wire=wire: wire.messages, "the snapshot is sent")
    message = await voicemail.messages.add("1002", ANNA, record())
    await voicemail.messages.add("650", ANNA, record("group"))
    await voicemail.messages.mark("1002", [message.id])

    def counts() -> dict[str, tuple[int, int]]:
        deltas = [told for told in boris.messages if told["type"] == "delta"]
        return {told["key"]: (told["item"]["new"], told["item"]["heard"]) for told in deltas}

    await until(lambda: counts() == {"1002": (0, 1), "650": (1, 0)}, "the changes are told", timeout_s=20)
    assert [told["type"] for told in anna.messages] == ["snapshot"], "nobody else is told"
    await boris.end()
    await anna.end()


async def test_messages_are_marked_and_deleted_and_the_count_follows_VM_4(voicemail, record):
    kept = [await voicemail.messages.add("1002", ANNA, record(f"r{n}")) for n in range(3)]
    ids = [message.id for message in kept]
    other = await voicemail.messages.add("1003", ANNA, record("other"))
    assert await voicemail.messages.mark("1002", [ids[0], other.id, "0" * 32]) == 1
    assert await voicemail.messages.mark("1002", [ids[0]]) == 0
    state = await voicemail.state("1002")
    assert (state.new, state.heard) == (2, 1)
    assert await voicemail.messages.mark("1002", [ids[0]], heard=False) == 1
    path = await voicemail.messages.file("1002", ids[1])
    assert await voicemail.messages.delete("1002", [ids[1], other.id]) == 1
    assert not path.exists()
    assert await voicemail.messages.delete("1002", None) == 2
    assert await voicemail.messages.list("1002") == []
    assert [message.id for message in await voicemail.messages.list("1003")] == [other.id]


async def test_what_cannot_be_written_is_not_listed_VM_5(core, voicemail, record):
    recorded = record()
    folder = core.settings.data / "voicemail"
    folder.write_text("in the way")  # as a full disk: no file can be made there
    with pytest.raises(OSError, match=r"voicemail"):
        await voicemail.messages.add("1002", ANNA, recorded)
    assert await voicemail.messages.list("1002") == []


async def test_what_a_killed_server_left_half_done_is_removed_VM_5(core, voicemail, record, spool):
    message = await voicemail.messages.add("1002", ANNA, record("whole"))
    folder = core.settings.data / "voicemail"
    (folder / "half.part").write_bytes(b"RIFF")
    (folder / ("f" * 32 + ".wav")).write_bytes(b"RIFF")
    half = record("half").path
    assert half.exists()
    again = another(core)
    await again.start(Hub())
    assert [path.name for path in folder.iterdir()] == [f"{message.id}.wav"]
    assert [*spool.iterdir()] == []
    assert await again.messages.list("1002") == [message]
    await again.stop()


async def test_what_the_engine_could_not_finish_takes_no_room_VM_5(voicemail, record):
    path = record("failed").path
    await voicemail.discard_failed("voicemail/failed")
    await voicemail.discard_failed("voicemail/never begun")
    assert not path.exists()


async def test_sound_outlives_a_start_on_another_database(core, voicemail):
    await voicemail.stop()
    folder = core.settings.data / "voicemail"
    folder.mkdir()
    (folder / ("f" * 32 + ".wav")).write_bytes(b"RIFF")
    again = another(core)
    await again.start(Hub())
    assert len([*folder.iterdir()]) == 1
    await again.stop()


async def test_settings_hold_at_once_and_after_a_restart_VM_1(core, voicemail):
    assert await voicemail.get("1002") == voicemail.settings_of("1002") == VoicemailSettings()
    assert voicemail.takes_messages("1002")
    wanted = VoicemailSettings(enabled=False, announce_time=False)
    assert await voicemail.change("1002", wanted, by="1002") == wanted
    assert not voicemail.takes_messages("1002")
    again = another(core)
    await again.start(Hub())
    assert again.settings_of("1002") == await again.get("1002") == wanted
    await again.stop()
    assert (await refused(voicemail.change("9999", wanted, by="x"))).code is ErrorCode.NOT_FOUND


async def test_the_pin_is_kept_hashed_and_stays_until_it_is_removed_VM_1(core, voicemail):
    changed = await voicemail.change("1002", VoicemailSettings(pin="4711"), by="1002")
    assert changed.pin_set
    assert changed.pin is None
    assert await voicemail.check_pin("1002", "4711", caller="1001")
    assert not await voicemail.check_pin("1002", "4712", caller="1001")
    assert not await voicemail.check_pin("1003", "", caller="1001"), "without a PIN none is right"
    assert (await voicemail.change("1002", VoicemailSettings(announce_caller=False), by="1002")).pin_set
    files = [path for path in core.settings.data.rglob("linkus.db*") if path.is_file()]
    assert not any(b'"4711"' in path.read_bytes() for path in files)
    audit = await core.audit.list(limit=10)
    assert "4711" not in repr(audit)
    assert not (await voicemail.change("1002", VoicemailSettings(pin=""), by="1002")).pin_set
    assert "4711" not in repr(VoicemailSettings(pin="4711"))


async def test_a_pin_cannot_be_tried_out_AUTH_6(core, voicemail):
    await voicemail.change("1002", VoicemailSettings(pin="4711"), by="1002")
    for pin in range(core.settings.auth.tries):
        assert not await voicemail.check_pin("1002", f"{pin:04}", caller="1001")
    with pytest.raises(AuthError) as error:
        await voicemail.check_pin("1002", "4711", caller="1003")
    assert error.value.code is ErrorCode.LOCKED
    core.clock.advance(core.settings.auth.lock_s + 1)
    assert await voicemail.check_pin("1002", "4711", caller="1002")


@pytest.mark.parametrize("pin", ["12", "1" * 16, "12a4", "-123"])
def test_a_pin_has_three_to_fifteen_digits_VM_1(pin):
    with pytest.raises(ValueError, match="pin"):
        VoicemailSettings(pin=pin)


async def test_greetings_are_uploaded_chosen_by_presence_and_forgotten_when_deleted_VM_3(core, voicemail):
    usual = await voicemail.greetings.upload("1002", "Usual", wav(samples(1.5)), by="1002")
    lunch = await voicemail.greetings.upload("1002", "Lunch", wav(samples(1.0)), by="1002")
    assert (usual.seconds, usual.name) == (1.5, "Usual")
    assert [greeting.id for greeting in await voicemail.greetings.list("1002")] == [
        greeting.id for greeting in sorted((usual, lunch), key=lambda one: one.id)
    ], "made in the same moment"
    settings = VoicemailSettings(greeting=usual.id, greetings={PresenceStatus.LUNCH_BREAK: lunch.id})
    await voicemail.change("1002", settings, by="1002")
    heard = voicemail.greeting("1002", PresenceStatus.AVAILABLE)
    assert heard is not None
    assert heard == await voicemail.greetings.file("1002", usual.id)
    with wave.open(str(heard)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 2)
        assert file.readframes(12000) == samples(1.5)
    assert voicemail.greeting("1002", PresenceStatus.LUNCH_BREAK) != heard
    assert await voicemail.greetings.delete("1002", [lunch.id], by="1002") == 1
    assert voicemail.greeting("1002", PresenceStatus.LUNCH_BREAK) == heard, "the default one instead"
    assert await voicemail.greetings.delete("1002", None, by="1002") == 1
    assert voicemail.greeting("1002", PresenceStatus.LUNCH_BREAK) is None
    assert await voicemail.get("1002") == VoicemailSettings()
    assert [*(core.settings.data / "voicemail").iterdir()] == []


async def test_a_greeting_of_another_mailbox_cannot_be_chosen_VM_3(voicemail):
    others = await voicemail.greetings.upload("1003", "Mine", wav(samples(1)), by="1003")
    error = await refused(voicemail.change("1002", VoicemailSettings(greeting=others.id), by="1002"))
    assert [problem.field for problem in error.fields] == ["greeting"]


async def test_there_are_ten_greetings_at_most_VM_3(core, voicemail):
    for n in range(10):
        await voicemail.greetings.upload("1002", f"g{n}", wav(samples(0.1)), by="1002")
    error = await refused(voicemail.greetings.upload("1002", "one more", wav(samples(0.1)), by="1002"))
    assert error.code is ErrorCode.CONFLICT
    assert len([*(core.settings.data / "voicemail").iterdir()]) == 10, "nothing of it is left"
    assert await voicemail.greetings.upload("1003", "another's", wav(samples(0.1)), by="1003")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"ID3" + bytes(100),
        wav(b""),
        wav(samples(1), rate=16000),
        wav(samples(1), channels=2),
        wav(samples(1)[:4000], bits=8),
        wav(samples(1), kind=6, bits=16),
        wav(samples(1), kind=3, bits=32),
        wav(samples(1))[:60],
        b"RIFF\x00\x00\x00\x00WAVEdata\xff\xff\xff\xff",
        b"RIFF\x00\x00\x00\x00WAVEfmt \x04\x00\x00\x00\x01\x00\x01\x00data\x04\x00\x00\x00abcd",
    ],
)
def test_only_the_named_formats_are_taken_VM_3(content):
    with pytest.raises(ServiceError) as error:
        speech_of(content or b"")
    assert error.value.code is ErrorCode.INVALID
    assert "8 kHz" in error.value.message, "it says what would do"


def test_a_file_larger_than_8_mb_is_refused_VM_3():
    body = bytes(MAX_GREETING_BYTES - 100)
    assert speech_of(wav(body)).seconds == pytest.approx(MAX_GREETING_BYTES / 16000, abs=1)
    with pytest.raises(ServiceError) as error:
        speech_of(wav(body + bytes(100)))
    assert error.value.code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize("kind", [6, 7], ids=["A-law", "mu-law"])
def test_companded_files_are_kept_as_linear_ones_VM_3(kind):
    codes = bytes(range(256))
    expected = g711.decode({6: "PCMA", 7: "PCMU"}[kind], codes)
    kept = struct.unpack("<256h", speech_of(wav(codes, kind=kind, bits=8)).samples)
    assert [*kept] == pytest.approx([*map(int, expected)], abs=8)
    assert len(set(kept)) >= 255


async def test_whoever_gets_a_number_next_hears_nothing_of_who_had_it_VM_4(core, voicemail, record):
    await voicemail.messages.add("1002", ANNA, record())
    await voicemail.greetings.upload("1002", "Usual", wav(samples(1)), by="1002")
    await voicemail.change("1002", VoicemailSettings(pin="4711"), by="1002")
    await core.extensions.remove("1002", by="test")
    assert not voicemail.takes_messages("1002")
    await voicemail._background.join()
    await core.extensions.add(ExtensionCreate(number="1002"), by="test")
    assert await voicemail.messages.list("1002") == await voicemail.greetings.list("1002") == []
    assert await voicemail.get("1002") == voicemail.settings_of("1002") == VoicemailSettings()
    assert [*(core.settings.data / "voicemail").iterdir()] == []


async def test_the_mailbox_of_an_extension_that_was_removed_offline_is_emptied_at_the_next_start_VM_4(
    core, voicemail, record
):
    await voicemail.messages.add("1002", ANNA, record())
    await voicemail.stop()  # no server runs
    await core.extensions.remove("1002", by="test")
    again = another(core)
    await again.start(Hub())
    assert await again.messages.list("1002") == []
    assert [*(core.settings.data / "voicemail").iterdir()] == []
    await again.stop()


async def test_a_disabled_extension_takes_no_messages_but_keeps_those_it_has_AUTH_7(core, voicemail, record):
    message = await voicemail.messages.add("1002", ANNA, record())
    await core.extensions.change("1002", ExtensionChange(enabled=False), by="test")
    assert not voicemail.takes_messages("1002")
    assert await voicemail.messages.list("1002") == [message]


async def test_all_members_of_a_group_have_its_mailbox_VM_6(core, voicemail, hub, record):
    group = GroupMailbox(number="650", name="Sales", members=("1002", "1003"))
    await core.configuration.put(group, by="test")
    assert voicemail.takes_messages("650")
    assert [voicemail.may_use(number, "650") for number in ("1001", "1002", "1003")] == [False, True, True]
    await voicemail.messages.add("650", ANNA, record())
    for number in ("1002", "1003"):
        state = (await hub.snapshot(user(number), Topic.VOICEMAIL))["650"]
        assert (state.name, state.group, state.new) == ("Sales", True, 1)
    assert "650" not in await hub.snapshot(user("1001"), Topic.VOICEMAIL)
    await core.configuration.remove(GroupMailbox, "650", by="test")
    assert not voicemail.takes_messages("650")
    await voicemail._background.join()
    assert await voicemail.messages.list("650") == []


async def test_agents_of_a_queue_and_members_of_a_ring_group_share_a_mailbox_as_of_now_VM_6(
    core, voicemail, hub, record
):
    async def put(*items):
        for item in items:
            await core.configuration.put(item, by="test")

    def queue(*agents: str) -> Queue:
        return Queue(number="6400", static_agents=[{"extension": agent} for agent in agents])

    await put(RingGroup(number="620", members=["1001"]), queue("1002"))
    await put(GroupMailbox(number="650", ring_groups=["620"], queues=["6400"]))
    await voicemail.messages.add("650", ANNA, record())
    assert await users(voicemail, hub, "650") == ["1001", "1002"]
    await put(queue("1003", "1001"), RingGroup(number="620", members=["1002"]))
    assert await users(voicemail, hub, "650") == ["1001", "1002", "1003"]
    await put(RingGroup(number="620", members=["1003"]))
    assert await users(voicemail, hub, "650") == ["1001", "1003"]
    error = await refused(core.configuration.remove(Queue, "6400", by="test"))
    assert "used by group mailbox 650" in error.message
    unknown = GroupMailbox(number="651", queues=["6401"])
    assert (await refused(core.configuration.put(unknown, by="test"))).message == (
        "queues: there is no queue 6401"
    )


async def users(voicemail, hub, box: str) -> list[str]:
    """Who may use a mailbox, and sees it live."""
    everybody = ("1001", "1002", "1003")
    may = [number for number in everybody if voicemail.may_use(number, box)]
    assert may == [number for number in everybody if box in await hub.snapshot(user(number), Topic.VOICEMAIL)]
    return may


async def test_a_group_mailbox_has_a_number_of_its_own_and_existing_members_VM_6(core, voicemail):
    del voicemail
    for number, members, code in (("1001", ("1002",), "conflict"), ("650", ("9999",), "invalid")):
        group = GroupMailbox(number=number, members=members)
        assert (await refused(core.configuration.put(group, by="test"))).code == code
    await core.configuration.put(GroupMailbox(number="650", members=("1002",)), by="test")
    assert (await refused(core.extensions.remove("1002", by="test"))).code is ErrorCode.CONFLICT
    assert (await refused(core.extensions.add(ExtensionCreate(number="650"), by="test"))).code == "conflict"
