"""Where this program keeps things, and where its own files are."""

import os
import sys
from pathlib import Path

from PySide6.QtCore import QStandardPaths

APPLICATION = "linkus-desktop"
DATA_VARIABLE = "LINKUS_CLIENT_DATA"


def data_place(chosen: Path | None = None) -> Path:
    """Where this user's data are: `chosen`, else `LINKUS_CLIENT_DATA`, else the platform's usual place.

    It need not be there.
    """
    if chosen is not None:
        folder = chosen
    elif os.environ.get(DATA_VARIABLE):
        folder = Path(os.environ[DATA_VARIABLE])
    else:
        place = QStandardPaths.StandardLocation.GenericConfigLocation
        folder = Path(QStandardPaths.writableLocation(place)) / APPLICATION
    return folder.expanduser().absolute()


def data_folder(chosen: Path | None = None) -> Path:
    """The folder of this user's data, see `data_place`.

    It is made if need be, readable by its owner only. Raises `OSError` if that is not possible.
    """
    folder = data_place(chosen)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def resources() -> Path:
    """The folder of icons and sounds, in a checkout, a wheel and a package alike."""
    package = Path(__file__).resolve().parent
    frozen = Path(getattr(sys, "_MEIPASS", package))
    for folder in (frozen / "resources", package / "resources", package.parent / "resources"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"The program's resources are missing beside {package}. Install it again.")
