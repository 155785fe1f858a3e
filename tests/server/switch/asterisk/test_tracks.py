"""The folder from which Asterisk plays music on hold."""

from dataclasses import replace
from pathlib import Path

import pytest

from server.switch.asterisk.tracks import put_music, put_tracks
from server.switch.port import DEFAULT_MUSIC
from tests.server.switch.asterisk.test_config import CONFIG


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


def test_each_music_has_a_folder_of_its_own_and_goes_with_it_Q_5(tmp_path: Path, usual: Path) -> None:
    config = replace(CONFIG, folder=tmp_path)
    config.music.mkdir()
    track = tmp_path / "a.wav16"
    track.write_text("ours")
    assert put_music(config, {DEFAULT_MUSIC: [], "queue-6400": [track], "queue-6401": []}, usual=usual)
    assert offered(config.music) == ["one.gsm", "two.gsm"]
    assert offered(config.more_music / "queue-6400") == ["ours"]
    assert "[queue-6400]" in config.music_classes.read_text()
    assert "queue-6401" not in config.music_classes.read_text()
    assert not put_music(config, {DEFAULT_MUSIC: [], "queue-6400": [track]}, usual=usual)
    assert put_music(config, {}, usual=usual)
    assert config.music_classes.read_text() == ""
    assert list(config.more_music.iterdir()) == []
    with pytest.raises(ValueError, match="cannot be the name of music"):
        put_music(config, {"../etc": [track]}, usual=usual)
