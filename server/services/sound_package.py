"""`python -m server.services.sound_package FOLDER`: the sounds of a package on standard input into FOLDER.

A process of its own, with limits: what it unpacks and decodes comes from strangers. A package is a tar,
packed by gzip or not, or a zip, of sound files with the names of Asterisk's (`digits/1.wav`,
`queue-thankyou.gsm`), in any folder of it. Nothing is written but under the
name of a sound, and links are never followed.

Standard output has `{"sounds": …, "ignored": …}`. Exit code 1: it cannot be used, and 2: there is no room for
it; why stands on standard error, in a line.
"""

import errno
import gzip
import io
import json
import lzma
import os
import posixpath
import re
import resource
import stat
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from server.rules.system_sounds import NEUTRAL, system_sounds
from server.services.sound_convert import MEMORY_BYTES, Refused, decode, wav
from server.switch.sound import PROMPT_PATTERN

MAX_FILES = 5000
MAX_NAME = 255
MAX_FILE_BYTES = 16 << 20
MAX_ALL_BYTES = 256 << 20
"""Limits of what is unpacked."""
CPU_S = 120
LONGEST_S = 300.0
"""A sound that is longer is none of a sound package."""
WAV_SUFFIX = ".wav16"

RAW = {".g722": 8000, ".sln16": 32_000, ".sln": 16_000, ".ulaw": 8000, ".alaw": 8000, ".gsm": 1650}
"""Bytes a second of formats without a header that Asterisk plays as they are, best first."""
DECODED = (".flac", ".wav16", ".wav", ".aiff", ".aif", ".ogg", ".mp3")
"""What is made into WAV at 16 kHz, best first."""
BETTER = (*DECODED[:2], *list(RAW)[:2], *DECODED[2:], *list(RAW)[2:])
"""Of a sound that stands there in several formats the first of these is kept."""
GSM_FRAME = 33

_BROKEN = (
    tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, lzma.LZMAError, zlib.error, EOFError,
    NotImplementedError,
)  # fmt: skip
"""What an archive that is broken, or packed in a way that we do not know, makes of reading it."""

_NAME = re.compile(PROMPT_PATTERN)


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file of an archive; `path` is relative and stays below the archive's root."""

    path: PurePosixPath
    read: Callable[[], bytes]


def main() -> int:
    """Unpack; returns the exit code."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    try:
        sounds, ignored = unpack(sys.stdin.buffer.read(), Path(sys.argv[1]))
    except Refused as error:
        return _refuse(str(error))
    except MemoryError:
        return _refuse("it takes too much to be unpacked")
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        sys.stderr.write("the disk is full\n")
        return 2
    sys.stdout.write(json.dumps({"sounds": sounds, "ignored": ignored}))
    return 0


def unpack(packed: bytes, folder: Path) -> tuple[int, int]:
    """Write all sounds of an archive below `folder`, which is empty; how many there were, and other files.

    Raises:
        Refused: it is no such archive, leads out of its folder, has no system sound, or one that is broken.
        OSError: it cannot be written.
    """
    try:
        paths = [member.path for member in _members(packed)]
        chosen = _chosen(paths)
        for member in _members(packed):
            if (name := chosen.get(member.path)) is not None:
                _write(folder, name, member)
    except _BROKEN as error:
        raise Refused(f"it cannot be unpacked: {error}") from error
    return len(chosen), len(paths) - len(chosen)


def _members(packed: bytes) -> Iterator[Member]:
    """The regular files of an archive, in order; each is to be read before the next one is asked for."""
    file = io.BytesIO(packed)
    if packed.startswith(b"\x1f\x8b"):
        yield from _of_tar(file, "r:gz")
    elif packed.startswith(b"PK"):
        yield from _of_zip(file)
    elif packed[257:262] == b"ustar":
        yield from _of_tar(file, "r:")
    else:
        raise Refused("it is neither a .tar.gz, a .tar, nor a .zip")


def _of_tar(file: io.BytesIO, mode: Literal["r:", "r:gz"]) -> Iterator[Member]:
    total = 0
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for number, info in enumerate(archive, start=1):
            _check_count(number)
            path = _checked_path(info.name)
            _check_kind(info)
            if not info.isreg():
                continue
            total += _checked_size(info.name, info.size, total)
            yield Member(path, partial(_read_tar, archive, info))
        _read_rest(archive)


def _read_rest(archive: tarfile.TarFile) -> None:
    """To the end of what is packed, where the checksum of all of it stands."""
    total = 0
    while archive.fileobj is not None and (block := archive.fileobj.read(1 << 16)):
        total += _checked_size("the rest", len(block), total)


def _check_kind(info: tarfile.TarInfo) -> None:
    """As `tarfile.data_filter` has it, which older versions of Python lack; links are not followed anyway."""
    if info.issym() or info.islnk():
        begin = posixpath.dirname(info.name) if info.issym() else ""
        target = posixpath.normpath(posixpath.join(begin, info.linkname))
        if target.startswith(("/", "..")):
            raise Refused(f"{info.name!r} in it is a link that leads out of it")
    elif not (info.isreg() or info.isdir()):
        raise Refused(f"{info.name!r} in it is no file, but a device or the like")


def _of_zip(file: io.BytesIO) -> Iterator[Member]:
    total = 0
    with zipfile.ZipFile(file) as archive:
        for number, info in enumerate(archive.infolist(), start=1):
            _check_count(number)
            path = _checked_path(info.filename)
            if info.flag_bits & 1:
                raise Refused("it needs a password")
            mode = info.external_attr >> 16
            if info.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)):
                continue
            total += _checked_size(info.filename, info.file_size, total)
            yield Member(path, partial(_read_zip, archive, info))


def _check_count(number: int) -> None:
    if number > MAX_FILES:
        raise Refused(f"it has more than {MAX_FILES} files")


def _checked_path(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if len(name) > MAX_NAME:
        raise Refused(f"a name in it has more than {MAX_NAME} characters")
    if path.is_absolute() or ".." in path.parts or re.search(r"[\x00-\x1f\\]", name):
        raise Refused(f"{name!r} in it leads out of it")
    return path


def _checked_size(name: str, size: int, total: int) -> int:
    if size > MAX_FILE_BYTES:
        raise Refused(f"{name!r} in it has {size} bytes, and {MAX_FILE_BYTES} are allowed")
    if total + size > MAX_ALL_BYTES:
        raise Refused(f"it has more than {MAX_ALL_BYTES} bytes when it is unpacked")
    return size


def _read_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(info)
    if file is None:
        raise Refused(f"{info.name!r} in it cannot be read")
    return _read(file, info.name)


def _read_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    return _read(archive.open(info), info.filename)


def _read(file: IO[bytes], name: str) -> bytes:
    with file:
        content = file.read(MAX_FILE_BYTES + 1)
    _checked_size(name, len(content), 0)
    return content


def _chosen(paths: Iterable[PurePosixPath]) -> dict[PurePosixPath, str]:
    """Which files are kept, each with the name of its sound: those below the folder with most such names."""
    sounds = [path for path in paths if path.suffix.lower() in BETTER]
    root = _root(sounds)
    best: dict[str, PurePosixPath] = {}
    for path in sounds:
        if not path.is_relative_to(root):
            continue
        name = str(path.relative_to(root).with_suffix(""))
        if _NAME.fullmatch(name) and (name not in best or _rank(path) < _rank(best[name])):
            best[name] = path
    return {path: name for name, path in best.items()}


def _root(sounds: Iterable[PurePosixPath]) -> PurePosixPath:
    known = system_sounds("en") | NEUTRAL
    counts: dict[PurePosixPath, int] = {}
    for path in sounds:
        for root in path.parents:
            if str(path.relative_to(root).with_suffix("")) in known:
                counts[root] = counts.get(root, 0) + 1
    if not counts:
        raise Refused("there is no system sound in it, such as digits/1.wav or queue-thankyou.gsm")
    return max(counts, key=lambda root: (counts[root], -len(root.parts)))


def _rank(path: PurePosixPath) -> int:
    return BETTER.index(path.suffix.lower())


def _write(folder: Path, name: str, member: Member) -> None:
    content, suffix = member.read(), member.path.suffix.lower()
    if suffix in RAW:
        _check_raw(member.path, content, suffix)
    else:
        try:
            content, suffix = wav(decode(io.BytesIO(content), longest_s=LONGEST_S)), WAV_SUFFIX
        except Refused as error:
            raise Refused(f"{str(member.path)!r} in it: {error}") from error
    target = folder / (name + suffix)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _check_raw(path: PurePosixPath, content: bytes, suffix: str) -> None:
    """These have no header by which more could be told."""
    if suffix == ".gsm":
        whole = len(content) % GSM_FRAME == 0 and all(byte >> 4 == 0xD for byte in content[::GSM_FRAME])
    else:
        whole = suffix not in (".sln", ".sln16") or len(content) % 2 == 0
    if not content or not whole or content.startswith(b"RIFF"):
        raise Refused(f"{str(path)!r} in it is no sound of this format")
    if len(content) > LONGEST_S * RAW[suffix]:
        raise Refused(f"{str(path)!r} in it is longer than {LONGEST_S / 60:.0f} minutes")


def _refuse(why: str) -> int:
    sys.stderr.write(why.replace("\n", " ") + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
