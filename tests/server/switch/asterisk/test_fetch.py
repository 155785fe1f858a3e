"""How a private Asterisk is got: planned with fakes, nothing is downloaded (item 3 of the foundation)."""

import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.switch.asterisk import fetch, installation
from server.switch.asterisk.fetch import FetchError, Target, choose_mirrors, parse_targets
from server.switch.asterisk.installation import COMPLETE, Installation, InstallationError
from server.switch.asterisk.modules import MODULES

MAIN = Target("http://mirror.test/debian", "Debian", "Debian", "main")
SECURITY = Target("http://mirror.test/debian-security", "Debian", "Debian-Security", "main")
OTHER = Target("https://vendor.test/apt", "Vendor", "Vendor", "main")
LISTED = "http://mirror.test/debian|Debian|Debian|main\n"


def done(stdout: str = "", stderr: str = "", code: int = 0) -> "subprocess.CompletedProcess[str]":
    return subprocess.CompletedProcess([], code, stdout, stderr)


class Machine:
    """A machine with apt, as far as the fetching sees it."""

    def __init__(
        self, answers: dict[str, Callable[[], "subprocess.CompletedProcess[str]"]] | None = None
    ) -> None:
        self.commands: list[list[str]] = []
        self.answers = {
            "indextargets": lambda: done(LISTED),
            "--print-architecture": lambda: done("amd64\n"),
            "--field": lambda: done("1:22.0-1\n"),
            **(answers or {}),
        }

    def run(self, arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        self.commands.append(list(arguments))
        if "install" in arguments:
            cache = next(word for word in arguments if word.startswith("Dir::Cache=")).partition("=")[2]
            (Path(cache) / "archives/asterisk_22_amd64.deb").touch()
        for word, answer in self.answers.items():
            if word in arguments:
                return answer()
        return done()


@pytest.fixture
def no_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_system", lambda: None)


@pytest.fixture
def unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacking makes an empty folder, and what is in it can be opened."""
    monkeypatch.setattr(fetch, "_unpack_one", lambda archive, root: None)
    opened = Installation(("ld", "asterisk"), "22.0", Path("/m"), Path("/d"))
    monkeypatch.setattr(installation, "open_private", lambda root: opened)


def test_the_main_archive_is_chosen_and_no_other() -> None:
    assert choose_mirrors([OTHER, SECURITY, MAIN]) == [MAIN.site]


def test_before_apt_ever_read_its_sources_a_likely_mirror_is_chosen() -> None:
    unknown = Target("http://mirror.test/debian", "", "", "main")
    assert choose_mirrors([Target("http://mirror.test/debian-security", "", "", "main"), unknown]) == [
        unknown.site
    ]


def test_a_machine_without_a_mirror_is_told_what_to_do() -> None:
    for targets in ([], [OTHER], [Target("cdrom:[x]/", "Debian", "Debian", "main")]):
        with pytest.raises(FetchError, match=r"No Debian mirror is configured.*`switch.asterisk`"):
            choose_mirrors(targets)


def test_what_apt_lists_is_understood() -> None:
    text = f"{LISTED}{LISTED}\nnonsense\nhttps://vendor.test/apt|Vendor|Vendor|main\n"
    assert parse_targets(text) == [MAIN, OTHER]


def test_apt_works_in_its_own_folder_and_checks_signatures(
    tmp_path: Path, no_system: None, unpacked: None
) -> None:
    machine, lines = Machine(), []
    found = fetch.ensure(lines.append, cache=tmp_path, run=machine.run)
    assert found.version == "22.0"
    apt = [
        command for command in machine.commands if command[0] == "apt-get" and "indextargets" not in command
    ]
    assert [("update" in command, "--download-only" in command) for command in apt] == [
        (True, False),
        (False, True),
    ]
    for command in apt:
        text = " ".join(command)
        assert f"Dir::State={tmp_path}/apt/state" in text
        assert f"Dir::Cache={tmp_path}/apt/cache" in text
        assert "Dir::Etc::sourceparts=/dev/null" in text
        assert "allow-unauthenticated" not in text.lower()
        assert "AllowInsecure" not in text
    assert (tmp_path / "asterisk/1_22.0-1-amd64" / COMPLETE).read_text() == "1:22.0-1\n"
    assert not (tmp_path / "apt").exists()
    assert any("Downloading" in line for line in lines)


def test_the_source_is_the_machines_own_mirror_with_debians_keyring(
    tmp_path: Path, no_system: None, unpacked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = []
    machine = Machine(
        {"update": lambda: sources.append((tmp_path / "apt/sources.list").read_text()) or done()}
    )
    fetch.ensure(lambda line: None, cache=tmp_path, run=machine.run)
    assert sources == [f"deb [signed-by={fetch.KEYRING}] http://mirror.test/debian {fetch.SUITE} main\n"]


def test_a_cached_one_is_taken_without_asking_apt(tmp_path: Path, no_system: None, unpacked: None) -> None:
    machine = Machine()
    fetch.ensure(lambda line: None, cache=tmp_path, run=machine.run)
    machine.commands.clear()
    fetch.ensure(lambda line: None, cache=tmp_path, run=machine.run)
    assert machine.commands == []
    fetch.ensure(lambda line: None, cache=tmp_path, run=machine.run, again=True)
    assert machine.commands


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        (
            {"update": lambda: done(stderr="E: Could not connect", code=100)},
            "Could not connect. Check the network",
        ),
        (
            {"install": lambda: done(stderr="E: Unable to locate package", code=100)},
            "Unable to locate package.",
        ),
        ({"install": lambda: done(stderr="E: No space left on device", code=100)}, "not enough room"),
        ({"indextargets": lambda: done("")}, "No Debian mirror"),
    ],
)
def test_what_goes_wrong_is_told_and_nothing_half_done_stays(
    tmp_path: Path, no_system: None, unpacked: None, answers: dict[str, object], text: str
) -> None:
    with pytest.raises(FetchError, match=text):
        fetch.ensure(lambda line: None, cache=tmp_path, run=Machine(answers).run)  # type: ignore[arg-type]
    assert installation.private_root(tmp_path) is None


def test_a_package_that_cannot_be_unpacked_leaves_no_installation(
    tmp_path: Path, no_system: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FetchError, match=r"asterisk_22_amd64.deb could not be unpacked"):
        fetch.ensure(lambda line: None, cache=tmp_path, run=Machine().run)
    assert list((tmp_path / "asterisk").iterdir()) == []


def test_a_system_without_apt_is_told(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not Debian or one like it"):
        fetch.run([str(tmp_path / "apt-get")])


def test_a_full_disk_is_told_before_anything_is_downloaded(
    tmp_path: Path, no_system: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    machine = Machine()
    with pytest.raises(FetchError, match="not enough room"):
        fetch.ensure(lambda line: None, cache=tmp_path, run=machine.run)
    assert machine.commands == []


def test_a_cache_that_cannot_be_used_is_told(tmp_path: Path, no_system: None) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(FetchError, match="cannot be used"):
        fetch.ensure(lambda line: None, cache=tmp_path / "cache", run=Machine().run)


def test_two_runs_fetch_once(tmp_path: Path, no_system: None, unpacked: None) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow() -> "subprocess.CompletedProcess[str]":
        began.set()
        go_on.wait(10)
        return done()

    first, second = Machine({"update": slow}), Machine()
    waiting = threading.Event()
    runs = [
        threading.Thread(
            target=fetch.ensure, args=(lambda line: None,), kwargs={"cache": tmp_path, "run": first.run}
        )
    ]
    runs[0].start()
    assert began.wait(10)
    runs.append(
        threading.Thread(
            target=fetch.ensure,
            args=(lambda line: waiting.set() if "waiting" in line else None,),
            kwargs={"cache": tmp_path, "run": second.run},
        )
    )
    runs[1].start()
    assert waiting.wait(10)
    go_on.set()
    for run in runs:
        run.join(10)
    assert second.commands == []


def test_user_and_password_of_a_mirror_are_not_shown() -> None:
    assert fetch.shown("https://user:secret@mirror.test:8080/debian") == "https://mirror.test/debian"


def test_the_command_line_says_why_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object, **more: object) -> Installation:
        raise InstallationError("There is none.")

    monkeypatch.setattr(fetch, "ensure", fail)
    assert fetch.main([]) == 1
    assert capsys.readouterr().err == "There is none.\n"


# Installations


def fake_asterisk(root: Path, version: str = "Asterisk 20.1.0") -> Path:
    program = root / "sbin/asterisk"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho '{version}'\n")
    program.chmod(0o755)
    modules = root / "lib/asterisk/modules"
    modules.mkdir(parents=True)
    for name in MODULES:
        (modules / f"{name}.so").touch()
    return program


def test_an_asterisk_on_the_path_is_used_if_it_is_complete_and_recent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fake_asterisk(tmp_path)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    found = installation.find(tmp_path / "cache")
    assert found
    assert (found.command, found.version) == ((str(program),), "20.1.0")


@pytest.mark.parametrize("flaw", ["old", "module", "broken"])
def test_an_asterisk_on_the_path_that_will_not_do_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flaw: str
) -> None:
    program = fake_asterisk(tmp_path, "Asterisk 18.9.0" if flaw == "old" else "Asterisk 22.0.0")
    if flaw == "module":
        (tmp_path / "lib/asterisk/modules/res_ari.so").unlink()
    if flaw == "broken":
        program.write_text("#!/bin/sh\nexit 3\n")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert installation.find(tmp_path / "cache") is None
    with pytest.raises(InstallationError):
        installation.open_path(program)


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstallationError, match=r"`switch.asterisk`"):
        installation.open_path(tmp_path / "nowhere")
    assert installation.open_path(fake_asterisk(tmp_path).parent.parent).version == "20.1.0"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LINKUS_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/linkus"),
        ({"HOME": "/c"}, "/c/.cache/linkus"),
    ],
)
def test_where_the_cache_is(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: str
) -> None:
    for name in ("LINKUS_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert installation.cache_folder() == Path(expected)


@pytest.mark.real
def test_the_fetched_one_runs() -> None:
    found = fetch.ensure(lambda line: None)
    assert int(found.version.split(".")[0]) >= installation.OLDEST_MAJOR
    assert (found.data / "sounds/en").is_dir()
    assert list((found.data / "moh").iterdir())
