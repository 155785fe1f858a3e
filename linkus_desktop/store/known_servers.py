"""The certificates of servers this user has agreed to (first use, as ssh does)."""

from datetime import UTC, datetime

from linkus_desktop.store.database import LocalDatabase


class KnownServers:
    """Fingerprints (SHA-256 of the certificate, as `AA:BB:…`) by host and port."""

    def __init__(self, database: LocalDatabase | None = None) -> None:
        """`database` None: nothing is saved."""
        self._database = database
        rows = database.read("SELECT host, port, fingerprint FROM known_server") if database else []
        self._known: dict[tuple[str, int], str] = {(host, port): print_ for host, port, print_ in rows}

    def fingerprint(self, host: str, port: int) -> str | None:
        """What was agreed to for this server, None if it is not known."""
        return self._known.get((host, port))

    def remember(self, host: str, port: int, fingerprint: str) -> None:
        """From now on only this certificate is accepted from this server."""
        if self._known.get((host, port)) == fingerprint:
            return
        self._known[host, port] = fingerprint
        if self._database is not None:
            self._database.write(
                "INSERT INTO known_server VALUES (?, ?, ?, ?) ON CONFLICT (host, port) "
                "DO UPDATE SET fingerprint = excluded.fingerprint, since = excluded.since",
                (host, port, fingerprint, datetime.now(UTC).isoformat()),
            )

    def forget(self, host: str, port: int) -> None:
        """Ask again at the next login. A server that is not known is fine."""
        if self._known.pop((host, port), None) is not None and self._database is not None:
            self._database.write("DELETE FROM known_server WHERE host = ? AND port = ?", (host, port))
