"""`make demo`: a company of eight, its PBX, and two clients that talk to each other."""
