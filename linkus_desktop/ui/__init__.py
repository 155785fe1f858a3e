"""Windows and widgets, one feature a module."""
