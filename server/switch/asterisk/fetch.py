"""Get a private Asterisk from the machine's own Debian mirror: `python -m server.switch.asterisk.fetch`.

No root is needed and the system is not touched: apt works in a root of our own (state, cache and an empty
status file), pointed at the suite of Debian that has Asterisk, on the mirror that the machine is already
configured for. Signatures are checked with Debian's keyring; only the date of the Release file is not,
since a mirror that lags serves one that looks expired. Every package is unpacked in one folder of the
cache; a folder is complete or not there at all. Two runs at the same time wait for each other.
"""

import argparse
import errno
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from server.switch.asterisk import installation
from server.switch.asterisk.installation import COMPLETE, Installation, InstallationError

SUITE = "forky"
"""The release of Debian whose Asterisk is taken."""
PACKAGES = ("asterisk", "asterisk-core-sounds-en-gsm", "asterisk-moh-opsound-gsm")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
APT_TIMEOUT_S = 900
FREE_BYTES = 700 * 1024 * 1024
"""Room needed for the packages and what they unpack to."""
TAR_OPTIONS = ("--no-same-owner", "--no-same-permissions", "--keep-directory-symlink")
SKIPPED = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/zoneinfo/*")

Progress = Callable[[str], None]
Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


class FetchError(InstallationError):
    """Asterisk could not be fetched; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """One line of `apt-get indextargets`: a repository that the machine is configured for."""

    site: str
    origin: str
    label: str
    component: str


INDEX_FORMAT = "$(SITE)|$(ORIGIN)|$(LABEL)|$(COMPONENT)"


def parse_targets(text: str) -> list[Target]:
    """What apt printed with `INDEX_FORMAT`, without doubles."""
    rows = [line.split("|") for line in text.splitlines()]
    targets = [Target(*(part.strip() for part in row)) for row in rows if len(row) == 4]
    return list(dict.fromkeys(targets))


def choose_mirrors(targets: Sequence[Target]) -> list[str]:
    """Sites to try, best first: those known as Debian's main archive, then those that look like it.

    The second kind is for a machine where `apt-get update` never ran: apt then knows no origin. Raises
    `FetchError` if the machine has none.
    """
    main = [target for target in targets if target.component == "main"]
    sure = [target.site for target in main if target.origin == "Debian" and target.label == "Debian"]
    likely = [
        target.site
        for target in main
        if not target.origin and urlsplit(target.site).path.rstrip("/").endswith("/debian")
    ]
    sites = list(dict.fromkeys(site for site in [*sure, *likely] if not site.startswith("cdrom:")))
    if not sites:
        raise FetchError(
            "No Debian mirror is configured on this machine, so Asterisk cannot be fetched. Add one to apt's "
            "sources, or install Asterisk 20 or later by other means and set `switch.asterisk` to its path."
        )
    return sites


def shown(site: str) -> str:
    """A mirror's address as it may be printed: without user and password."""
    parts = urlsplit(site)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def apt_options(root: Path, architecture: str) -> list[str]:
    """Options that make apt work in `root` and nowhere else."""
    options = {
        "Dir::State": root / "state",
        "Dir::State::status": root / "state/status",
        "Dir::Cache": root / "cache",
        "Dir::Etc::sourcelist": root / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "2",
        "Acquire::http::Timeout": "20",
        "APT::Architecture": architecture,
        "APT::Architectures::": architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "1",
    }
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def run(arguments: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, output captured; raises `FetchError` if it cannot be run at all."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            list(arguments),
            capture_output=True,
            text=True,
            env=environment,
            timeout=APT_TIMEOUT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise FetchError(
            f"The program {arguments[0]!r} is not here: this system is not Debian or one like it. Install "
            "Asterisk 20 or later by other means and set `switch.asterisk` to its path."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise FetchError(f"{arguments[0]} did not finish within {APT_TIMEOUT_S // 60} minutes.") from error


def ensure(
    progress: Progress, *, cache: Path | None = None, again: bool = False, run: Run = run
) -> Installation:
    """A usable Asterisk: the system's, else the cached private one, else one fetched now.

    With `again` a private one is fetched even if there is one. Raises `InstallationError`.
    """
    cache = cache or installation.cache_folder()
    if not again and (found := installation.find(cache)):
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(cache / "asterisk.lock", progress):
            root = None if again else installation.private_root(cache)
            return installation.open_private(root or _fetch(cache, progress, run))
    except OSError as error:
        raise _explained(error, cache) from error


def _fetch(cache: Path, progress: Progress, run: Run) -> Path:
    if shutil.disk_usage(cache).free < FREE_BYTES:
        raise FetchError(_no_room(cache))
    if not KEYRING.is_file():
        raise FetchError(f"{KEYRING} is missing: install the package debian-archive-keyring.")
    listed = run(["apt-get", "indextargets", "--format", INDEX_FORMAT, "Created-By: Packages"])
    sites = choose_mirrors(parse_targets(listed.stdout))
    architecture = run(["dpkg", "--print-architecture"]).stdout.strip()
    private = cache / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (private / folder).mkdir(parents=True, exist_ok=True)
    (private / "state/status").touch()
    _download(private, sites, architecture, progress, run)
    archives = sorted((private / "cache/archives").glob("*.deb"))
    root = _unpack(cache, archives, architecture, progress, run)
    shutil.rmtree(private)
    return root


def _download(private: Path, sites: Sequence[str], architecture: str, progress: Progress, run: Run) -> None:
    apt = ["apt-get", *apt_options(private, architecture)]
    problems = []
    for site in sites:
        progress(f"Reading the list of packages of {SUITE} from {shown(site)}")
        (private / "sources.list").write_text(f"deb [signed-by={KEYRING}] {site} {SUITE} main\n")
        update = run([*apt, "-o", "APT::Update::Error-Mode=any", "update"])
        if update.returncode == 0:
            progress("Downloading Asterisk and its libraries (about 85 MB)")
            install = run([*apt, "-y", "--download-only", "install", *PACKAGES])
            if install.returncode == 0:
                return
            problems.append(_complaint(install.stderr))
        else:
            problems.append(_complaint(update.stderr))
    if any("No space left" in problem for problem in problems):
        raise FetchError(_no_room(private))
    raise FetchError(
        f"Asterisk could not be downloaded from the Debian mirror of this machine: {problems[-1]} Check the "
        "network and apt's sources, then try again; or install Asterisk 20 or later by other means."
    )


def _unpack(cache: Path, archives: Sequence[Path], architecture: str, progress: Progress, run: Run) -> Path:
    package = next((path for path in archives if path.name.startswith("asterisk_")), None)
    if package is None:
        raise FetchError("The download has no Asterisk in it. Try again.")
    version = run(["dpkg-deb", "--field", str(package), "Version"]).stdout.strip()
    final = cache / "asterisk" / f"{version.replace(':', '_')}-{architecture}"
    final.parent.mkdir(parents=True, exist_ok=True)
    progress(f"Unpacking {len(archives)} packages (Asterisk {version})")
    with tempfile.TemporaryDirectory(dir=final.parent, prefix=".unpacking-") as temporary:
        root = Path(temporary) / "root"
        for name in ("bin", "sbin", "lib", "lib64"):
            (root / "usr" / name).mkdir(parents=True)
            (root / name).symlink_to(f"usr/{name}")
        for archive in archives:
            _unpack_one(archive, root)
        _link_sounds(root / "usr/share/asterisk/sounds")
        (root / COMPLETE).write_text(f"{version}\n")
        installation.open_private(root)  # whole and able to run, or not kept
        if final.exists():
            shutil.rmtree(final)
        root.rename(final)
    return final


def _unpack_one(archive: Path, root: Path) -> None:
    # tar, and not `dpkg-deb --extract`: that one keeps set-user-id bits and replaces our links by folders.
    excluded = [f"--exclude={pattern}" for pattern in SKIPPED]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as source:
        tar = subprocess.run(
            ["tar", "-x", *TAR_OPTIONS, "-C", str(root), *excluded],
            stdin=source.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if tar.returncode or source.returncode:
        if "No space left" in tar.stderr:
            raise FetchError(_no_room(root))
        archive.unlink()
        raise FetchError(f"{archive.name} could not be unpacked: {_complaint(tar.stderr)} Try again.")


def _link_sounds(sounds: Path) -> None:
    """Asterisk looks for `en`; Debian names the folder after the voice."""
    voices = sorted(folder.name for folder in sounds.glob("en_*") if folder.is_dir())
    if voices and not (sounds / "en").exists():
        (sounds / "en").symlink_to(voices[0])


@contextmanager
def _only_one(lock: Path, progress: Progress) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Another run is fetching Asterisk; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _complaint(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "Err:"))] or lines
    return errors[0].removeprefix("E:").strip().rstrip(".") + "." if errors else "no reason was given."


def _no_room(folder: Path) -> str:
    return (
        f"There is not enough room at {folder}: {FREE_BYTES // 2**20} MB are needed. Free some and try again."
    )


def _explained(error: OSError, cache: Path) -> FetchError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FetchError(_no_room(cache))
    return FetchError(f"The cache folder {cache} cannot be used: {error.strerror or error}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0 and one line about the Asterisk to be used, or 1 and the reason on stderr."""
    parser = argparse.ArgumentParser(
        prog="server.switch.asterisk.fetch", description="Find or fetch Asterisk."
    )
    parser.add_argument("--again", action="store_true", help="fetch even if one is there")
    options = parser.parse_args(arguments)
    try:
        found = ensure(lambda line: print(line, flush=True), again=options.again)  # noqa: T201
    except InstallationError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"Asterisk {found.version}: {found.command[-1]}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
