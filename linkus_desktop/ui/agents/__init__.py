"""The own place in queues, in the toolbar."""
