"""The function keys beside the calls (KEY-1 to KEY-5)."""
