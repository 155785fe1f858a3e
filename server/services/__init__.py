"""State and operations; each state has one owner here."""
