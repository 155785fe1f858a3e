"""`linkus-pbx mail test|queue|retry|cancel`, beside what every kind has."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.cli.configuration import commands
from server.contract.kinds import kind_of
from server.contract.mail import MailSettings, MailState, MailTest, QueuedMail
from server.settings import Settings

if TYPE_CHECKING:
    from server.cli.remote import Remote

T = TypeVar("T")

MailId = Annotated[int, typer.Argument(metavar="ID", help="Number of the mail, as queue shows it.")]
State = Annotated[MailState | None, typer.Option("--state", help="Only those in this state.")]
Limit = Annotated[int, typer.Option("--limit", metavar="NUMBER", help="So many at most.")]

app = commands(kind_of(MailSettings))


@app.command("test", help="Send a mail at once, and tell what the mail server says.")
def send_test(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who gets it.")],
    data: Data = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """See `help`."""
    with reporting(as_json=json):
        request = MailTest(to=address)
    done = _ask(lambda remote: remote.test_mail(request), data, config, as_json=json)
    show(done, as_json=json, text=lambda: f"{done.server} has taken the mail to {done.to}.")


@app.command("queue", help="Mails that wait, were sent or have failed, the newest first.")
def queue(
    data: Data = None,
    config: Config = None,
    state: State = None,
    *,
    limit: Limit = 100,
    json: Json = False,
) -> None:
    """See `help`."""
    query = {"limit": str(limit)} | ({"state": state.value} if state else {})
    found = _ask(lambda remote: remote.mails(query), data, config, as_json=json)
    show(found, as_json=json, text=lambda: _table(found))


@app.command("retry", help="Try a mail at once that waits or has failed.")
def retry(mail_id: MailId, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """See `help`."""
    found = _ask(lambda remote: remote.retry_mail(mail_id), data, config, as_json=json)
    show(found, as_json=json, text=lambda: f"Mail {mail_id} to {found.recipient} is tried again.")


@app.command("cancel", help="Remove a mail that is not sent.")
def cancel(mail_id: MailId, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """See `help`."""
    _ask(lambda remote: remote.cancel_mail(mail_id), data, config, as_json=json)
    show({"id": mail_id}, as_json=json, text=lambda: f"Mail {mail_id} was removed.")


def _ask(work: "Callable[[Remote], Awaitable[T]]", data: Data, config: Config, *, as_json: bool) -> T:
    with reporting(as_json=as_json):
        settings = load_settings(data, config)

    async def ask(settings: Settings) -> T:
        from server.cli import remote  # noqa: PLC0415  (only commands that are carried out need it)

        async with remote.server(settings) as running:
            return await work(running)

    return run(ask(settings), as_json=as_json)


def _table(found: list[QueuedMail]) -> str:
    rows = [
        [
            str(one.id),
            f"{one.created_at:%Y-%m-%d %H:%M:%S}",
            one.kind.replace("_", " "),
            one.recipient,
            one.state,
            str(one.tries),
            one.error,
        ]
        for one in found
    ]
    return table(["ID", "SINCE (UTC)", "ABOUT", "TO", "STATE", "TRIES", ""], rows)
