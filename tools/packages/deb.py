"""The client's Debian package, made of the folder that PyInstaller built."""

import shutil
import subprocess
from pathlib import Path

from tools.packages.project import DIST, LOGS, NAME, ROOT, WORK, folder_bytes, megabytes, metadata
from tools.setup.debian import read_sections
from tools.setup.report import run_logged, say

MAINTAINER = "The Linkus Desktop developers <linkus-desktop@localhost>"
LONG = (
    "A desktop client for an office's PBX: colleagues with live states, calls with",
    "hold, mute and a second line, and a personal call log. It opens tel:, sip:",
    "and sips: links.",
)


def build(client: Path) -> Path:
    """Build `dist/linkus-desktop_<version>_<architecture>.deb` from the client's folder.

    Gives the folder that holds what the package installs, as it would lie under `/`.
    """
    say("Building the client's .deb")
    root = WORK / "deb"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(client, root / "usr/lib" / NAME, symlinks=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin" / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
    _copy(ROOT / "packaging" / f"{NAME}.desktop", root / "usr/share/applications" / f"{NAME}.desktop")
    _copy(
        ROOT / "resources/icons/linkus-desktop.svg",
        root / "usr/share/icons/hicolor/scalable/apps" / f"{NAME}.svg",
    )
    _copy(ROOT / "LICENSE", root / "usr/share/doc" / NAME / "copyright")
    architecture = subprocess.run(
        ["dpkg", "--print-architecture"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (root / "DEBIAN").mkdir()
    size = folder_bytes(root)
    (root / "DEBIAN/control").write_text(control(architecture, size))
    target = DIST / f"{NAME}_{metadata()['version']}_{architecture}.deb"
    run_logged(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "-z3", "--build", str(root), str(target)],
        log=LOGS / "dpkg-deb.log",
        what="dpkg-deb",
    )
    say(f"  {target.relative_to(ROOT)}: {megabytes(target.stat().st_size)}, {megabytes(size)} installed")
    return root


def control(architecture: str, size: int) -> str:
    """The package's control file; `size` in bytes."""
    about = metadata()
    libraries = read_sections(ROOT / "packaging" / "debian-packages.txt")["client"]
    fields = {
        "Package": NAME,
        "Version": about["version"],
        "Section": "comm",
        "Priority": "optional",
        "Architecture": architecture,
        "Installed-Size": str(-(-size // 1024)),
        "Depends": ", ".join(["libc6", *(" | ".join(names) for names in libraries)]),
        "Recommends": "gnome-keyring | kwalletmanager | keepassxc",
        "Maintainer": MAINTAINER,
        "Description": "softphone for the office",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items()) + "".join(
        f" {line}\n" for line in LONG
    )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
