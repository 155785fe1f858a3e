"""The whole server with a real Asterisk and real phones; what is heard and what is on the wire is checked."""
