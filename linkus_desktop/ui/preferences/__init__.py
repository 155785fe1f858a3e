"""Preferences: sound, presence and calls, appearance, account, about."""
