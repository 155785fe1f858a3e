"""`linkus-pbx serve`."""

import asyncio
import gc
import logging
import resource
import signal
from typing import Annotated, Any

import typer

from server.cli.common import Config, Data, Json, load_settings, reporting, run
from server.services.errors import invalid
from server.settings import Settings

MAX_FILES = 65536

_log = logging.getLogger(__name__)


def serve(
    data: Data = None,
    config: Config = None,
    *,
    http: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address of the API.")] = None,
    sip: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address of SIP, UDP and TCP.")] = None,
    sips: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Address of SIP over TLS.")] = None,
    rtp: Annotated[str | None, typer.Option(metavar="LOW-HIGH", help="UDP ports of media.")] = None,
    json: Json = False,
) -> None:
    """Run the server until SIGTERM or Ctrl-C, with its private Asterisk. Port 0 means: any free one."""
    with reporting(as_json=json):
        options = {
            name: _address(name, given)
            for name, given in (("http", http), ("sip", sip), ("sips", sips))
            if given is not None
        }
        if rtp is not None:
            options["rtp"] = _range(rtp)
        settings = load_settings(data, config, options)
    _set_logging(settings.log.level)
    _raise_file_limit()
    run(_serve(settings), as_json=json)


def _set_logging(level: str) -> None:
    """Our own words at `level`, of libraries warnings only: at "debug" they write tokens and queries."""
    logging.basicConfig(
        level=max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("server").setLevel(level.upper())


def _raise_file_limit() -> None:
    """Each connection is a file: service managers begin with 1024, and allow more to who asks."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if most == resource.RLIM_INFINITY else min(most, MAX_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _spare_what_stays() -> None:
    """Let Python's garbage collector not look again at what was loaded, which stays until the end.

    There are 200,000 objects; each full look at them takes a fifth of a second, in which all calls wait.
    """
    gc.collect()
    gc.freeze()


async def _serve(settings: Settings) -> None:
    from server.app import Application  # noqa: PLC0415  (half a second that the other commands need not wait)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Application(settings) as app:
        _spare_what_stays()
        _log.info("%s is up: API on port %d, data in %s", settings.name, app.http_port, settings.data)
        await stop.wait()
        _log.info("Stopping: calls are ended, then Asterisk")


def _address(option: str, text: str) -> dict[str, Any]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise invalid(f"--{option}", f"{text!r} is not HOST:PORT, such as 0.0.0.0:5060")
    return {"host": host.strip("[]") or "0.0.0.0", "port": int(port)}


def _range(text: str) -> dict[str, Any]:
    low, dash, high = text.partition("-")
    if not dash or not (low + high).isascii() or not low.isdigit() or not high.isdigit():
        raise invalid("--rtp", f"{text!r} is not LOW-HIGH, such as 10000-12000")
    return {"low": int(low), "high": int(high)}
