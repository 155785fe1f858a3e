"""`linkus-pbx ring-tone upload|download`, beside what every kind has."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show
from server.cli.configuration import Key, add_unless_there, commands
from server.contract.kinds import kind_of
from server.contract.ring_tones import RingToneSound, UploadedRingTone
from server.services.errors import ServiceError
from server.settings import Settings

_KIND = kind_of(UploadedRingTone)

app = commands(_KIND)


@app.command("upload", help="Set what is heard, from a sound file; adds the ring tone if there is none yet.")
def upload(
    key: Key,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="WAV, AIFF, FLAC, Ogg or MP3.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        content = file.read_bytes()
    done = run(_upload(settings, key, content), as_json=json)
    show(done, as_json=json, text=lambda: f"Ring tone {key} lasts {done.duration_s:.1f} s.")


@app.command("download", help="Write what is heard into a WAV file.")
def download(
    key: Key,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="It must not exist yet.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    content = run(_download(settings, key), as_json=json)
    with reporting(as_json=json), file.open("xb") as target:
        target.write(content)
    result = {"ring_tone": key, "file": str(file), "size": len(content)}
    show(result, as_json=json, text=lambda: f"{file}: {len(content)} bytes.")


async def _upload(settings: Settings, key: str, content: bytes) -> RingToneSound:
    async with backend(settings) as where:
        is_new = await add_unless_there(where, _KIND, UploadedRingTone(name=key))
        try:
            return await where.upload_ring_tone(key, content)
        except ServiceError:
            if is_new:  # a name without a sound is of no use to anybody
                await where.remove_object(_KIND, key)
            raise


async def _download(settings: Settings, key: str) -> bytes:
    async with backend(settings) as where:
        return await where.ring_tone_content(key)
