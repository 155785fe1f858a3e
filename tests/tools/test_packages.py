"""Packages say what they need, and what they are opened for."""

import configparser
import re
import tomllib
from pathlib import Path

from tools.constraints import keep
from tools.packages import deb
from tools.packages.project import folder_bytes

ROOT = Path(__file__).resolve().parents[2]


def fields(control: str) -> dict[str, str]:
    """A control file's fields, continuation lines joined."""
    found: dict[str, str] = {}
    name = ""
    for line in control.splitlines():
        if line.startswith(" "):
            found[name] += "\n" + line
        else:
            name, _, value = line.partition(": ")
            found[name] = value
    return found


def test_the_deb_depends_on_the_libraries_that_qt_leaves_to_the_system() -> None:
    """The same list that `make setup` installs from; alternatives stay alternatives."""
    control = fields(deb.control("amd64", 215_000_000))

    depends = control["Depends"].split(", ")
    assert "libxcb-cursor0" in depends
    assert "libglib2.0-0 | libglib2.0-0t64" in depends
    assert "libc6" in depends
    assert control["Installed-Size"] == "209961"
    assert control["Architecture"] == "amd64"
    assert control["Description"].count("\n") == len(deb.LONG)


def test_the_desktop_file_offers_the_client_for_calls_and_login_links_AUTH_2_SIP_2() -> None:
    """`linkus:`, `tel:` and `sip:` links open the program that the package installs."""
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment, method-assign]
    entry.read(ROOT / "packaging" / "linkus-desktop.desktop")

    desktop = entry["Desktop Entry"]
    assert desktop["Exec"].split() == ["linkus-desktop", "%u"]
    assert set(desktop["MimeType"].strip(";").split(";")) == {
        "x-scheme-handler/linkus",
        "x-scheme-handler/tel",
        "x-scheme-handler/sip",
        "x-scheme-handler/sips",
    }
    assert (ROOT / "resources" / "icons" / f"{desktop['Icon']}.svg").is_file()


def test_every_dependency_has_an_exact_version() -> None:
    """What is installed tomorrow is what was tested today."""
    pinned = {
        line.partition("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints" / "all.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {
        re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for group in groups for line in group
    }

    assert wanted <= pinned


def test_constraints_name_versions_and_no_places() -> None:
    """Neither the project itself nor a path or address of the machine that made them."""
    freeze = "B==2\nlinkus-desktop==0.1.0\nlocal @ file:///tmp/local\n-e /srv/project\na==1\n"

    assert keep(freeze) == ["a==1\n", "B==2\n"]


def test_a_folders_size_does_not_count_what_links_lead_to(tmp_path: Path) -> None:
    """A link to a library is not a second library."""
    (tmp_path / "library").write_bytes(b"x" * 10_000)
    (tmp_path / "link").symlink_to("library")

    assert 10_000 < folder_bytes(tmp_path) < 10_100
