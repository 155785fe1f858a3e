"""The own calls (LOG-1)."""
