"""The line to the server: login, HTTP, live events."""
