"""`linkus-pbx presence …`: the status of an extension, and how it is reached."""

from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show
from server.cli.presence_text import change_of, minutes, presence_text, settings_text
from server.contract.presence import Presence, PresenceChange, PresenceStatus
from server.contract.reaching import AgentAction, EndpointKind, ReachingSettings
from server.services.errors import invalid
from server.settings import Settings

app = typer.Typer(help="Presence, forwarding, ring strategy and rules by caller ID.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="Number of the extension.")]
Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="What colleagues are told.")]


@app.command("show")
def show_(number: Number, data: Data = None, config: Config = None, *, json: Json = False) -> None:
    """Show the status of an extension, and how it is reached."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
    presence, reaching = run(_show(settings, number), as_json=json)
    both = {
        "presence": presence.model_dump(mode="json"),
        "settings": reaching.model_dump(mode="json"),
    }
    show(both, as_json=json, text=lambda: f"{presence_text(presence)}\n\n{settings_text(reaching)}")


@app.command("status")
def status(  # noqa: PLR0917
    number: Number,
    status: Annotated[PresenceStatus, typer.Argument(help="The status to choose.")],
    data: Data = None,
    config: Config = None,
    note: Note = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help="A temporary status: 90m, 2h or 1h30m, up to 24h."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Choose a status for an extension, for good or for a while. Colleagues see it at once."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        duration = None if for_ is None else minutes(for_)
        change = PresenceChange(status=status, note=note, for_minutes=duration)
    changed = run(_status(settings, number, change), as_json=json)
    show(changed, as_json=json, text=lambda: f"Extension {number}: {presence_text(changed)}")


@app.command("set")
def set_(  # noqa: PLR0917
    number: Number,
    data: Data = None,
    config: Config = None,
    status: Annotated[
        list[PresenceStatus] | None,
        typer.Option("--status", help="For this status; may be repeated. Without it: for every status."),
    ] = None,
    note: Note = None,
    forward: Annotated[
        list[str] | None,
        typer.Option(
            "--forward",
            metavar="CALLS.WHEN=TO",
            help="internal or external, always, no_answer or busy: external.busy=extension:1002. TO is "
            "extension:N, ring_group:N, voicemail, voicemail:N, group_voicemail:N, external:N, mobile, "
            "hang_up, or none. May be repeated.",
        ),
    ] = None,
    ring_first: Annotated[
        list[EndpointKind] | None, typer.Option("--ring-first", help="May be repeated; the whole list anew.")
    ] = None,
    ring_second: Annotated[
        list[EndpointKind] | None, typer.Option("--ring-second", help="May be repeated; the whole list anew.")
    ] = None,
    ring_timeout: Annotated[
        int | None, typer.Option("--ring-timeout", metavar="SECONDS", help="5 to 300, each stage.")
    ] = None,
    ring_mobile: Annotated[bool | None, typer.Option("--ring-mobile/--no-ring-mobile")] = None,
    mobile_prefix: Annotated[
        str | None, typer.Option("--mobile-prefix", metavar="DIGITS", help="Of the outbound route.")
    ] = None,
    all_busy: Annotated[bool | None, typer.Option("--all-busy/--no-all-busy")] = None,
    all_reject: Annotated[bool | None, typer.Option("--all-reject/--no-all-reject")] = None,
    caller_rule: Annotated[
        list[str] | None,
        typer.Option(
            "--caller-rule",
            metavar="PATTERN=ACTION",
            help="accept, hang_up, voicemail or extension:N: 100XX=hang_up. In order; the whole list anew; "
            "'' for none.",
        ),
    ] = None,
    *,
    agent: Annotated[
        AgentAction | None, typer.Option("--agent", help="What an agent of queues becomes by the status.")
    ] = None,
    agent_reason: Annotated[
        str | None, typer.Option("--agent-reason", metavar="REASON", help="Of a pause: a code, or words.")
    ] = None,
    no_ring_second: Annotated[bool, typer.Option("--no-ring-second", help="One stage only.")] = False,
    json: Json = False,
) -> None:
    """Change how an extension is reached: what is given, and nothing else.

    Do Not Disturb has a note, what agents become, and the forwarding "always" only: without --status the rest
    is not for it.
    """
    with reporting(as_json=json):
        settings = load_settings(data, config)
        change = change_of(
            statuses=status,
            of_status={
                "note": note,
                "agent_action": agent,
                "agent_pause_reason": agent_reason if agent_reason is not None or agent is None else "",
            },
            forward=forward or [],
            ringing={
                "ring_first": ring_first or None,
                "ring_second": [] if no_ring_second else ring_second or None,
                "ring_timeout_s": ring_timeout,
                "ring_mobile": ring_mobile,
            },
            everywhere={"mobile_prefix": mobile_prefix, "all_busy": all_busy, "all_reject": all_reject},
            caller_rules=caller_rule,
        )
        if change.is_empty:
            raise invalid("presence set", "nothing to change was given; see --help")

    async def work() -> ReachingSettings:
        async with backend(settings) as where:
            return await where.change_reaching(number, change.applied_to(await where.reaching(number)))

    changed = run(work(), as_json=json)
    show(changed, as_json=json, text=lambda: f"Extension {number} was changed.\n\n{settings_text(changed)}")


async def _show(settings: Settings, number: str) -> tuple[Presence, ReachingSettings]:
    async with backend(settings) as where:
        return await where.presence(number), await where.reaching(number)


async def _status(settings: Settings, number: str, change: PresenceChange) -> Presence:
    async with backend(settings) as where:
        return await where.change_presence(number, change)
