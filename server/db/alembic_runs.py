"""Alembic, on a connection of ours. Only `server.db.migrate` uses it, and only when there is work for it."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from server.db.migrate import SCRIPTS


def upgrade(connection: Connection, to: str) -> None:
    """Run the migrations up to revision `to`."""
    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Undo migrations down to revision `to`."""
    command.downgrade(_config(connection), to)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
