"""`linkus-pbx route …`."""

from typing import Annotated

import typer

from server.cli.backend import backend
from server.cli.common import Config, Data, Json, load_settings, reporting, run, show, table
from server.contract.decisions import RouteExplanation, RouteQuery
from server.settings import Settings

app = typer.Typer(help="Where calls go, and why.", no_args_is_help=True)


@app.callback()
def _route() -> None:
    """Where calls go, and why."""


@app.command("explain")
def explain(  # noqa: PLR0917
    dialled: Annotated[str, typer.Argument(metavar="DIALLED", help="What is dialled.")],
    data: Data = None,
    config: Config = None,
    extension: Annotated[
        str, typer.Option("--from", metavar="EXTENSION", help="The extension that dials.")
    ] = "",
    trunk: Annotated[str, typer.Option(metavar="NAME", help="The trunk that the call comes from.")] = "",
    caller: Annotated[str, typer.Option(metavar="NUMBER", help="The number that the trunk shows.")] = "",
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When, such as 2026-12-24T18:00, in the system's zone; else now."),
    ] = None,
    *,
    psap_callback: Annotated[
        bool,
        typer.Option("--psap-callback", help="The trunk marks it as an emergency centre's call-back."),
    ] = False,
    json: Json = False,
) -> None:
    """Show where a call would go, with every rule that is tried and why; no call is made."""
    with reporting(as_json=json):
        settings = load_settings(data, config)
        query = RouteQuery.model_validate(
            {
                "dialled": dialled,
                "extension": extension,
                "trunk": trunk,
                "caller": caller,
                "psap_callback": psap_callback,
                "at": at,
            }
        )
    found = run(_ask(settings, query), as_json=json)
    show(found, as_json=json, text=lambda: _text(found))


async def _ask(settings: Settings, query: RouteQuery) -> RouteExplanation:
    async with backend(settings) as where:
        return await where.explain_route(query)


def _text(found: RouteExplanation) -> str:
    rows = [
        [step.rule.replace("_", " "), step.name, "yes" if step.matched else "no", step.reason]
        for step in found.decision.steps[:-1]
    ]
    steps = table(["RULE", "NAME", "MATCHED", "WHY"], rows)
    return f"{steps}\n{found.decision.steps[-1].reason}"
