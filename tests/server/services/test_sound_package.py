"""Sound packages as people have them, and as enemies make them (Q-5)."""

import errno
import gzip
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from server.services import sound_package
from server.services.sound_convert import Refused
from server.services.sound_package import unpack
from tests.server.sounds import package, pitch_of, tone

GSM = bytes([0xD4, *([0x11] * 32)]) * 10
GOOD = {"digits/1.wav": tone(600, seconds=0.3)}


def written(folder: Path) -> list[str]:
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("form", ["tar.gz", "tar", "zip"])
@pytest.mark.parametrize("root", ["", "./", "cs/", "asterisk-core-sounds-cs-1.6/sounds/cs/"])
def test_the_usual_packages_are_taken_wherever_their_sounds_lie_Q_5(
    tmp_path: Path, form: str, root: str
) -> None:
    files = {
        f"{root}digits/1.wav": tone(600),
        f"{root}digits/star.flac": tone(700, form="FLAC"),
        f"{root}queue-thankyou.gsm": GSM,
        f"{root}vm-INBOX.ulaw": bytes(800),
        f"{root}own/hello.wav": tone(500),
        f"{root}README.txt": b"words",
        "LICENSE": b"words",
    }
    assert unpack(package(files, form=form), tmp_path) == (5, 2)
    assert written(tmp_path) == [
        "digits/1.wav16", "digits/star.wav16", "own/hello.wav16", "queue-thankyou.gsm", "vm-INBOX.ulaw",
    ]  # fmt: skip
    assert pitch_of((tmp_path / "digits/star.wav16").read_bytes()) == pytest.approx(700, abs=3)
    assert (tmp_path / "queue-thankyou.gsm").read_bytes() == GSM
    assert (tmp_path / "digits/1.wav16").stat().st_mode & 0o777 == 0o600


def test_of_a_sound_in_several_formats_the_best_one_is_kept(tmp_path: Path) -> None:
    files = {"digits/1.gsm": GSM, "digits/1.wav": tone(600), "digits/1.g722": bytes(100)}
    files |= {"digits/2.gsm": GSM, "digits/2.wav": tone(600)}
    assert unpack(package(files), tmp_path) == (2, 3)
    assert written(tmp_path) == ["digits/1.g722", "digits/2.wav16"]


def linked(kind: bytes, target: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        good = tarfile.TarInfo("digits/1.gsm")
        good.size = len(GSM)
        archive.addfile(good, io.BytesIO(GSM))
        link = tarfile.TarInfo("digits/2.gsm")
        link.type, link.linkname = kind, target
        archive.addfile(link)
    return file.getvalue()


def zip_link(target: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("digits/1.gsm", GSM)
        link = zipfile.ZipInfo("digits/2.gsm")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, target)
    return file.getvalue()


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"", "neither"),
        (b"words", "neither"),
        (package({}), "no system sound"),
        (package({"hello.wav": tone()}), "no system sound"),
        (package({"digits/1.txt": b"words"}), "no system sound"),
        (package(GOOD | {"../digits/2.wav": tone()}), "leads out"),
        (package(GOOD | {"a/../../digits/2.wav": tone()}, form="zip"), "leads out"),
        (package(GOOD | {"/etc/digits/2.wav": tone()}), "leads out"),
        (package(GOOD | {"..\\digits\\2.wav": tone()}, form="zip"), "leads out"),
        (linked(tarfile.SYMTYPE, "/etc/passwd"), "leads out"),
        (linked(tarfile.SYMTYPE, "../../../etc/passwd"), "leads out"),
        (linked(tarfile.LNKTYPE, "../../etc/passwd"), "leads out"),
        (linked(tarfile.CHRTYPE, ""), "device"),
        (linked(tarfile.FIFOTYPE, ""), "device"),
        (package(GOOD | {"digits/2.wav": b"RIFF, not really"}), "'digits/2.wav' in it: it is no sound file"),
        (package(GOOD | {"digits/2.wav": tone(seconds=0)}), "'digits/2.wav' in it: there is no sound"),
        (package(GOOD | {"digits/2.gsm": b"words"}), "'digits/2.gsm' in it is no sound of this format"),
        (package(GOOD | {"digits/2.ulaw": b""}), "no sound of this format"),
        (package(GOOD | {"digits/2.sln": tone()}), "no sound of this format"),
        (package(GOOD | {"digits/2.ulaw": bytes(8000 * 301)}), "longer than 5 minutes"),
        (package(GOOD | {"x" * 300: b""}), "more than 255 characters"),
        (package(GOOD)[:-40], "cannot be unpacked"),
        (package(GOOD)[:-8] + bytes(8), "cannot be unpacked"),
        (b"\x1f\x8b" + bytes(100), "cannot be unpacked"),
        (package(GOOD, form="zip")[:-40], "cannot be unpacked"),
    ],
    ids=lambda value: value if isinstance(value, str) else "package",  # of which the bytes tell the time
)
def test_what_is_no_good_package_is_refused_with_the_reason_Q_5(
    tmp_path: Path, packed: bytes, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        unpack(packed, tmp_path)


@pytest.mark.parametrize(
    "packed", [linked(tarfile.SYMTYPE, "1.gsm"), zip_link("/etc/passwd")], ids=["tar", "zip"]
)
def test_a_link_is_never_followed_Q_5(tmp_path: Path, packed: bytes) -> None:
    unpack(packed, tmp_path)
    assert written(tmp_path) == ["digits/1.gsm"]
    assert not (tmp_path / "digits/2.gsm").is_symlink()


@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_bombs_are_refused_before_they_are_unpacked_Q_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    with pytest.raises(Refused, match="16777216 are allowed"):
        unpack(package(GOOD | {"big.wav": bytes(sound_package.MAX_FILE_BYTES + 1)}, form=form), tmp_path)
    monkeypatch.setattr(sound_package, "MAX_ALL_BYTES", 100_000)
    monkeypatch.setattr(sound_package, "MAX_FILES", 50)
    with pytest.raises(Refused, match="more than 100000 bytes"):
        unpack(package({f"digits/{one}.ulaw": bytes(30_000) for one in range(5)}, form=form), tmp_path)
    with pytest.raises(Refused, match="more than 50 files"):
        unpack(package({f"{one}.txt": b"" for one in range(51)}, form=form), tmp_path)
    assert written(tmp_path) == []


def in_process(packed: bytes, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "server.services.sound_package", str(folder)]
    return subprocess.run(command, input=packed, capture_output=True, check=False, timeout=120)


def test_a_header_that_asks_for_all_memory_ends_in_a_refusal_Q_5(tmp_path: Path) -> None:
    """A name of 4 GiB, which would be read at once: 4 MiB packed."""
    head = tarfile.TarInfo("././@LongLink")
    head.type, head.size = tarfile.GNUTYPE_LONGNAME, 4 << 30
    zeros = gzip.compress(bytes(64 << 20), 9) * 64
    done = in_process(gzip.compress(head.tobuf(tarfile.GNU_FORMAT)) + zeros, tmp_path)
    assert done.returncode == 1, done.stderr
    assert b"takes too much" in done.stderr
    assert written(tmp_path) == []


def test_a_full_disk_is_told_Q_5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    packed = type("Stdin", (), {"buffer": io.BytesIO(package(GOOD))})
    monkeypatch.setattr(sys, "stdin", packed)
    monkeypatch.setattr(sys, "argv", ["", str(tmp_path)])
    monkeypatch.setattr(sound_package.os, "fsync", full)
    monkeypatch.setattr(sound_package.resource, "setrlimit", lambda *_: None)
    assert sound_package.main() == 2
    assert capsys.readouterr().err == "the disk is full\n"
