"""`linkus-pbx prompt upload|recordings|download|remove-recording`, beside what every kind has."""

from pathlib import Path
from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.cli.configuration import Key, add_unless_there, commands
from server.contract.kinds import kind_of
from server.contract.prompts import DEFAULT_LANGUAGE, Prompt, PromptRecording
from server.settings import Settings

Spoken = Annotated[str, typer.Option("--language", metavar="CODE", help="Such as en or pt-BR.")]
_KIND = kind_of(Prompt)

app = commands(_KIND)


@app.command("upload", help="Set what is heard, from a sound file; adds the prompt if there is none yet.")
def upload(
    key: Key,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="WAV, AIFF, FLAC, Ogg or MP3.")],
    data: Data = None,
    config: Config = None,
    language: Spoken = DEFAULT_LANGUAGE,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        content = file.read_bytes()
    done = run(_upload(settings, key, language, content), as_json=json)
    text = f"Prompt {key} is heard in {language} for {done.duration_s:.1f} s."
    show(done, as_json=json, text=lambda: text)


@app.command("recordings", help="List the languages in which a prompt is heard.")
def recordings(key: Key, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_recordings(settings, key), as_json=json)
    rows = [[one.language, f"{one.duration_s:.1f} s", f"{one.uploaded_at:%Y-%m-%d %H:%M}"] for one in found]
    show(found, as_json=json, text=lambda: table(["LANGUAGE", "DURATION", "UPLOADED (UTC)"], rows))


@app.command("download", help="Write what is heard into a WAV file.")
def download(
    key: Key,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="It must not exist yet.")],
    data: Data = None,
    config: Config = None,
    language: Spoken = DEFAULT_LANGUAGE,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    content = run(_download(settings, key, language), as_json=json)
    with reporting(as_json=json), file.open("xb") as target:
        target.write(content)
    result = {"prompt": key, "language": language, "file": str(file), "size": len(content)}
    show(result, as_json=json, text=lambda: f"{file}: {len(content)} bytes.")


@app.command("remove-recording", help="The prompt is not heard in this language any more.")
def remove_recording(
    key: Key,
    data: Data = None,
    config: Config = None,
    language: Spoken = DEFAULT_LANGUAGE,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    run(_remove(settings, key, language), as_json=json)
    text = f"Prompt {key} is not heard in {language} any more."
    show({"prompt": key, "language": language}, as_json=json, text=lambda: text)


async def _upload(settings: Settings, key: str, language: str, content: bytes) -> PromptRecording:
    async with backend(settings) as where:
        await add_unless_there(where, _KIND, Prompt(name=key))
        return await where.upload_prompt(key, language, content)


async def _recordings(settings: Settings, key: str) -> list[PromptRecording]:
    async with backend(settings) as where:
        return await where.prompt_recordings(key)


async def _download(settings: Settings, key: str, language: str) -> bytes:
    async with backend(settings) as where:
        return await where.prompt_content(key, language)


async def _remove(settings: Settings, key: str, language: str) -> None:
    async with backend(settings) as where:
        await where.remove_prompt_recording(key, language)
