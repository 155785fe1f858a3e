"""The port to the telephony engine, and its adapters."""
