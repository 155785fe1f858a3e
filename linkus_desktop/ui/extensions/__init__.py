"""Colleagues: who they are and what they are doing."""
