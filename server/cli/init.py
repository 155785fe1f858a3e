"""`linkus-pbx init`."""

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
)
from server.clock import SystemClock
from server.services.accounts import ADMINISTRATOR


def init(
    data: Data = None, config: Config = None, *, secrets_stdin: SecretsStdin = False, json: Json = False
) -> None:
    """Make the data folder, the certificate, the keys, the database and the administrator.

    The administrator's password is made and shown once, unless it comes on standard input
    (--secrets-stdin with {"password": "..."}). A second run is a conflict (exit code 4) and changes nothing.
    """
    from server.core import initialise  # noqa: PLC0415  (the other commands need not wait for it)
    from server.services.certificate import info  # noqa: PLC0415

    with reporting(as_json=json):
        settings = load_settings(data, config)
        given = read_secrets(["password"]) if secrets_stdin else {}
    made = run(initialise(settings, SystemClock(), password=given.get("password")), as_json=json)
    with reporting(as_json=json):
        fingerprint = info(settings.certificate).fingerprint
    result = {
        "data": str(settings.data),
        "user": ADMINISTRATOR,
        "password": made,
        "fingerprint": fingerprint,
    }
    show(result, as_json=json, text=lambda: _text(result))


def _text(result: dict[str, str | None]) -> str:
    lines = [
        f"Data folder:    {result['data']}",
        f"Administrator:  {result['user']}",
        f"Password:       {result['password'] or '(as given)'}",
        f"Fingerprint:    {result['fingerprint']}",
    ]
    if result["password"]:
        lines.append("Keep the password: it is not shown again.")
    lines.append(f"Next: linkus-pbx serve --data {result['data']}")
    return "\n".join(lines)
