"""The boards of queues (Q-13)."""
