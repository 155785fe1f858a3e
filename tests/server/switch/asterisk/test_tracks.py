"""The folder from which Asterisk plays music on hold."""

from pathlib import Path

import pytest

from server.switch.asterisk.tracks import put_tracks


@pytest.fixture
def usual(tmp_path: Path) -> Path:
    """Two tracks that Asterisk comes with."""
    folder = tmp_path / "usual"
    folder.mkdir()
    for name in ("one.gsm", "two.gsm"):
        (folder / name).write_text(name)
    return folder


def offered(folder: Path) -> list[str]:
    """What each track is, in the order in which they are played."""
    return [entry.read_text() for entry in sorted(folder.iterdir())]


def test_ours_are_offered_in_order_and_the_usual_ones_without_any(tmp_path: Path, usual: Path) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    tracks = []
    for name in ("b.wav16", "a.wav16"):
        tracks.append(tmp_path / name)
        tracks[-1].write_text(name)
    assert put_tracks(folder, (), usual=usual)
    assert offered(folder) == ["one.gsm", "two.gsm"]
    assert put_tracks(folder, tracks, usual=usual)
    assert offered(folder) == ["b.wav16", "a.wav16"]
    assert not put_tracks(folder, tracks, usual=usual), "nothing has changed"
    assert put_tracks(folder, tracks[:1], usual=usual)
    assert offered(folder) == ["b.wav16"]
    tracks[0].unlink()
    assert offered(folder) == ["b.wav16"], "it is heard until it is taken out"
    assert put_tracks(folder, (), usual=usual)
    assert offered(folder) == ["one.gsm", "two.gsm"]
