"""The tracks of music on hold: a folder of links, from which Asterisk plays in the order of their names."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path


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
