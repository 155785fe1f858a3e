"""The logs of queues (Q-9, LOG-2)."""
