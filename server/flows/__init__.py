"""What happens on a call: one coroutine a kind of call."""
