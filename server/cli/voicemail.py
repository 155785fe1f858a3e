"""`linkus-pbx voicemail …`: mailboxes of extensions and of groups (VM-1 to VM-6)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from server.cli.backend import backend
from server.cli.common import (
    Config,
    Data,
    Json,
    SecretsStdin,
    load_settings,
    read_secrets,
    reporting,
    run,
    show,
    table,
)
from server.contract.presence import PresenceStatus
from server.contract.voicemail import (
    AfterMail,
    VoicemailChanged,
    VoicemailGreeting,
    VoicemailHeard,
    VoicemailMail,
    VoicemailMessage,
    VoicemailSelection,
    VoicemailSettings,
)
from server.services.errors import invalid
from server.settings import Settings

SECRETS = ("pin",)

app = typer.Typer(help="Mailboxes: settings, messages and greetings.", no_args_is_help=True)

Box = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the extension or group mailbox.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="The ids that the lists show.")]
All = Annotated[bool, typer.Option("--all", help="All there are.")]


@app.command("show")
def show_(number: Box, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show the settings of a mailbox. The PIN is never shown."""
    with reporting(as_json=json):
        settings = load_settings(data, config)

    async def work() -> VoicemailSettings:
        async with backend(settings) as where:
            return await where.voicemail(number)

    found = run(work(), as_json=json)
    show(found, as_json=json, text=lambda: _settings_text(found))


@app.command("set")
def set_(  # noqa: PLR0917
    number: Box,
    data: Data = None,
    config: Config = None,
    enabled: Annotated[bool | None, typer.Option("--on/--off", help="Take messages.")] = None,
    announce_time: Annotated[bool | None, typer.Option("--announce-time/--no-announce-time")] = None,
    announce_caller: Annotated[bool | None, typer.Option("--announce-caller/--no-announce-caller")] = None,
    announce_duration: Annotated[
        bool | None, typer.Option("--announce-duration/--no-announce-duration")
    ] = None,
    greeting: Annotated[
        list[str] | None,
        typer.Option(
            "--greeting",
            metavar="[STATUS=]ID",
            help="What callers hear, always or in a presence status; `none`: the built-in one, or, for a "
            "status, the usual one. May be repeated.",
        ),
    ] = None,
    *,
    mail: Annotated[
        VoicemailMail | None, typer.Option("--mail", help="Tell of new messages by mail.")
    ] = None,
    after_mail: Annotated[
        AfterMail | None, typer.Option("--after-mail", help="What becomes of the message then.")
    ] = None,
    mail_to: Annotated[
        str | None,
        typer.Option("--mail-to", metavar="ADDRESS", help="Where the mail goes; `own`: to the extension's."),
    ] = None,
    no_pin: Annotated[bool, typer.Option("--no-pin", help="Ask for no PIN.")] = False,
    secrets_stdin: SecretsStdin = False,
    json: Json = False,
) -> None:
    """Change a mailbox: what is given, and nothing else.

    A PIN comes on standard input: --secrets-stdin with {"pin": "4711"}.
    """
    with reporting(as_json=json):
        settings = load_settings(data, config)
        given: dict[str, Any] = {
            name: value
            for name, value in {
                "enabled": enabled,
                "announce_time": announce_time,
                "announce_caller": announce_caller,
                "announce_duration": announce_duration,
                "mail": mail,
                "after_mail": after_mail,
                "mail_to": "" if mail_to == "own" else mail_to,
            }.items()
            if value is not None
        }
        if no_pin and secrets_stdin:
            raise invalid("--no-pin", "and a PIN on standard input exclude each other")
        given |= {"pin": ""} if no_pin else read_secrets(SECRETS) if secrets_stdin else {}
        chosen = [_chosen(text) for text in greeting or []]
        if not given and not chosen:
            raise invalid("voicemail set", "nothing to change was given; see --help")

    async def work() -> VoicemailSettings:
        async with backend(settings) as where:
            whole = (await where.voicemail(number)).model_dump(mode="json") | given
            for status, greeting_id in chosen:
                _choose(whole, status, greeting_id)
            return await where.change_voicemail(number, VoicemailSettings.model_validate(whole))

    changed = run(work(), as_json=json)
    show(changed, as_json=json, text=lambda: f"Mailbox {number} was changed.\n\n{_settings_text(changed)}")


@app.command("messages")
def messages(number: Box, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """List the messages in a mailbox, the newest first."""
    with reporting(as_json=json):
        settings = load_settings(data, config)

    async def work() -> list[VoicemailMessage]:
        async with backend(settings) as where:
            return await where.messages(number)

    found = run(work(), as_json=json)
    show(found, as_json=json, text=lambda: _messages_text(found))


@app.command("mark")
def mark(
    number: Box,
    ids: Ids = None,
    data: Data = None,
    config: Config = None,
    *,
    all_: All = False,
    new: Annotated[bool, typer.Option("--new", help="As new again.")] = False,
    json: Json = False,
) -> None:
    """Mark messages as heard, or as new."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        selection = VoicemailHeard(ids=ids or [], all=all_, heard=not new)

    async def work() -> int:
        async with backend(settings) as where:
            return await where.mark_messages(number, selection)

    _show_count(run(work(), as_json=json), "message", "marked", as_json=json)


@app.command("delete")
def delete(
    number: Box,
    ids: Ids = None,
    data: Data = None,
    config: Config = None,
    *,
    all_: All = False,
    json: Json = False,
) -> None:
    """Delete messages. It stands in the audit log."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        selection = VoicemailSelection(ids=ids or [], all=all_)

    async def work() -> int:
        async with backend(settings) as where:
            return await where.delete_messages(number, selection)

    _show_count(run(work(), as_json=json), "message", "deleted", as_json=json)


@app.command("save")
def save(
    number: Box,
    message: Annotated[str, typer.Argument(metavar="ID", help="The id that `messages` shows.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .wav file to make.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Save the sound of a message to a file. It stands in the audit log."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        if file.exists():
            raise invalid("FILE", f"{file} exists: name another")
    sound = run(_sound(settings, number, message), as_json=json)
    with reporting(as_json=json):
        file.write_bytes(sound)


@app.command("greetings")
def greetings(number: Box, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """List the personal greetings of a mailbox."""
    with reporting(as_json=json):
        settings = load_settings(data, config)

    async def work() -> list[VoicemailGreeting]:
        async with backend(settings) as where:
            return await where.greetings(number)

    found = run(work(), as_json=json)
    rows = [[one.name, f"{one.seconds:.1f} s", one.id] for one in found]
    show(found, as_json=json, text=lambda: table(["NAME", "LENGTH", "ID"], rows))


@app.command("add-greeting")
def add_greeting(
    number: Box,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help=".wav: one channel, 8 kHz, PCM 16 bit, A-law or mu-law."),
    ],
    data: Data = None,
    config: Config = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Else the file's.")] = None,
    *,
    json: Json = False,
) -> None:
    """Add a personal greeting; `set --greeting` lets callers hear it."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        content = file.read_bytes()
    added = run(_add(settings, number, name or file.stem[:63], content), as_json=json)
    show(added, as_json=json, text=lambda: f"The greeting {added.name} was added: {added.id}")


@app.command("delete-greetings")
def delete_greetings(
    number: Box,
    ids: Ids = None,
    data: Data = None,
    config: Config = None,
    *,
    all_: All = False,
    json: Json = False,
) -> None:
    """Delete personal greetings; callers hear the built-in one again."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        selection = VoicemailSelection(ids=ids or [], all=all_)

    async def work() -> int:
        async with backend(settings) as where:
            return await where.delete_greetings(number, selection)

    _show_count(run(work(), as_json=json), "greeting", "deleted", as_json=json)


async def _sound(settings: Settings, number: str, message: str) -> bytes:
    async with backend(settings) as where:
        return await where.message_sound(number, message)


async def _add(settings: Settings, number: str, name: str, content: bytes) -> VoicemailGreeting:
    async with backend(settings) as where:
        return await where.add_greeting(number, name, content)


def _show_count(count: int, what: str, done: str, *, as_json: bool) -> None:
    plural = "" if count == 1 else "s"
    show(VoicemailChanged(count=count), as_json=as_json, text=lambda: f"{count} {what}{plural} {done}.")


def _chosen(text: str) -> tuple[str, str | None]:
    """The status ("" for any) and the greeting of `--greeting`."""
    status, _, greeting_id = text.rpartition("=")
    if status and status not in set(PresenceStatus):
        known = ", ".join(PresenceStatus)
        raise invalid("--greeting", f"{status!r} is no status: use one of {known}")
    return status, None if greeting_id == "none" else greeting_id


def _choose(whole: dict[str, Any], status: str, greeting_id: str | None) -> None:
    if not status:
        whole["greeting"] = greeting_id
    elif greeting_id is None:
        whole["greetings"].pop(status, None)
    else:
        whole["greetings"][status] = greeting_id


def _settings_text(settings: VoicemailSettings) -> str:
    said = [
        word
        for word, on in (
            ("time", settings.announce_time),
            ("caller", settings.announce_caller),
            ("duration", settings.announce_duration),
        )
        if on
    ]
    rows = [
        ["takes messages", "yes" if settings.enabled else "no"],
        ["PIN", "set" if settings.pin_set else "none"],
        ["said before a message", ", ".join(said) or "nothing"],
        ["mail", _mail_text(settings)],
        ["greeting", settings.greeting or "built-in"],
        *([f"greeting, {status}", greeting] for status, greeting in settings.greetings.items()),
    ]
    return table(["SETTING", "VALUE"], rows)


def _mail_text(settings: VoicemailSettings) -> str:
    if settings.mail is VoicemailMail.NO:
        return "no"
    to = settings.mail_to or "the own address"
    sound, after = settings.mail.replace("_", " "), settings.after_mail.replace("_", " ")
    return f"{sound}, to {to}; then {after}"


def _messages_text(found: Sequence[VoicemailMessage]) -> str:
    rows = [
        [
            f"{one.received_at.astimezone():%Y-%m-%d %H:%M}",
            one.caller or "withheld",
            one.caller_name,
            f"{one.seconds:.0f} s",
            "" if one.heard else "new",
            one.id,
        ]
        for one in found
    ]
    return table(["RECEIVED", "FROM", "NAME", "LENGTH", "", "ID"], rows)
