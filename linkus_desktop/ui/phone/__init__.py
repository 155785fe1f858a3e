"""The phone: dial pad, colleagues, the last calls."""
