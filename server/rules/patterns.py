"""Matching numbers with dial patterns and caller-ID patterns, as the contract says (DIR-5)."""

from server.contract.pattern_match import matches

__all__ = ["matches"]
