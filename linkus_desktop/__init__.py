"""Linkus Desktop, the softphone."""

__version__ = "0.1.0"
