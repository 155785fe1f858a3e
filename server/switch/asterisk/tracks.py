"""The tracks of music on hold: a folder of links, from which Asterisk plays in the order of their names."""

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from server.switch.asterisk.config import EngineConfig, music_class
from server.switch.asterisk.private_file import write_private
from server.switch.port import DEFAULT_MUSIC

_NAME = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)


def put_music(config: EngineConfig, music: Mapping[str, Sequence[Path]], *, usual: Path) -> bool:
    """Have the engine of `config` offer this music and nothing else; see `Switch.set_music`.

    Returns whether that changed anything, which the engine has to be told of. Raises `OSError`; `ValueError`
    for a name that cannot be one.
    """
    for name in music:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of music")
    changed = put_tracks(config.music, music.get(DEFAULT_MUSIC, ()), usual=usual)
    config.more_music.mkdir(mode=0o700, exist_ok=True)
    others = {name: tracks for name, tracks in sorted(music.items()) if tracks and name != DEFAULT_MUSIC}
    for name, tracks in others.items():
        folder = config.more_music / name
        folder.mkdir(mode=0o700, exist_ok=True)
        changed |= put_tracks(folder, tracks, usual=usual)
    text = "".join(music_class(name, config.more_music / name) for name in others)
    if not config.music_classes.exists() or config.music_classes.read_text() != text:
        write_private(config.music_classes, text)
        changed = True
    for folder in config.more_music.iterdir():
        if folder.name not in others:
            shutil.rmtree(folder)
    return changed


def put_tracks(folder: Path, tracks: Sequence[Path], *, usual: Path) -> bool:
    """Have `folder` offer these files and nothing else; none: those of the folder `usual`.

    Returns whether that changed anything. What is being played is played to its end: a file lives on while
    somebody reads it. Raises `OSError`.
    """
    wanted = {f"{place:03}-{track.name}": track for place, track in enumerate(tracks)}
    if not tracks:
        wanted = {track.name: track for track in sorted(usual.iterdir())}
    there = {entry.name: entry for entry in folder.iterdir()}
    fresh = {name: track for name, track in wanted.items() if not _is_there(there.get(name))}
    stale = [entry for name, entry in there.items() if name not in wanted or name in fresh]
    for entry in stale:
        entry.unlink()
    for name, track in fresh.items():
        _link(track, folder / name)
    return bool(fresh or stale)


def _is_there(entry: Path | None) -> bool:
    return entry is not None and entry.exists()  # a link may lead nowhere, after an update of Asterisk


def _link(track: Path, entry: Path) -> None:
    """Link, so that a prompt that is replaced or removed goes on until it is taken out here too."""
    try:
        os.link(track, entry)
    except OSError:  # another disk
        shutil.copyfile(track, entry)
