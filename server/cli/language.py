"""`linkus-pbx language install|list|remove`: sound packages of other languages."""

import io
import tarfile
from pathlib import Path
from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.languages import LanguageInstalled, SpokenLanguage
from server.settings import Settings

Code = Annotated[str, typer.Argument(metavar="CODE", help="Such as cs or pt-BR.")]
SHOWN = 10
"""Missing sounds that are named where nobody asks for all."""

app = typer.Typer(help="Languages in which the PBX speaks, beside English.", no_args_is_help=True)


@app.command("install", help="Install a sound package, in place of the one of this language.")
def install(
    code: Code,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".tar.gz or .zip, or a folder of sounds.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        packed = _packed(file) if file.is_dir() else file.read_bytes()
    done = run(_install(settings, code, packed), as_json=json)
    show(done, as_json=json, text=lambda: _text(done))


@app.command("list", help="List the languages that are installed, and how complete they are.")
def list_(
    data: Data = None,
    config: Config = None,
    *,
    missing: Annotated[bool, typer.Option("--missing", help="Name every sound that is missing.")] = False,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    found = run(_list(settings), as_json=json)
    show(found, as_json=json, text=lambda: _table(found, named=missing))


@app.command("remove", help="The PBX does not speak this language any more; who is to hear it hears English.")
def remove(code: Code, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """See `help`."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    run(_remove(settings, code), as_json=json)
    show({"language": code}, as_json=json, text=lambda: f"Language {code} was removed.")


def _packed(folder: Path) -> bytes:
    """The files of a folder, as a package; links that it has lead to what they are links to."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", dereference=True) as archive:
        archive.add(folder, arcname=".")
    return file.getvalue()


def _text(done: LanguageInstalled) -> str:
    there = f"{done.needed - len(done.missing)} of the {done.needed} that the PBX plays"
    lines = [f"Language {done.language} is installed: {done.sounds} sounds, {there}."]
    if done.ignored:
        lines.append(f"{done.ignored} files of the package are no sounds, or stand twice there: left out.")
    if done.missing:
        rest = len(done.missing) - SHOWN
        more = f" and {rest} more (`linkus-pbx language list --missing`)" if rest > 0 else ""
        lines.append(f"Said in English: {', '.join(done.missing[:SHOWN])}{more}.")
    if not done.says_numbers:
        lines.append("Numbers are said in English: not all of their words are there.")
    return "\n".join(lines)


def _table(found: list[SpokenLanguage], *, named: bool) -> str:
    rows = [
        [
            one.language,
            f"{100 * (one.needed - len(one.missing)) // one.needed} %",
            str(one.sounds),
            str(len(one.missing)),
            "yes" if one.says_numbers else "in English",
            f"{one.installed_at:%Y-%m-%d %H:%M}",
        ]
        for one in found
    ]
    text = table(["LANGUAGE", "COMPLETE", "SOUNDS", "MISSING", "NUMBERS", "INSTALLED (UTC)"], rows)
    if named:
        text += "".join(f"\n{one.language} lacks: {', '.join(one.missing) or 'nothing'}" for one in found)
    return text


async def _install(settings: Settings, code: str, packed: bytes) -> LanguageInstalled:
    async with backend(settings) as where:
        return await where.install_language(code, packed)


async def _list(settings: Settings) -> list[SpokenLanguage]:
    async with backend(settings) as where:
        return await where.languages()


async def _remove(settings: Settings, code: str) -> None:
    async with backend(settings) as where:
        await where.remove_language(code)
