"""`make packages`: the client as a folder and as a .deb, and the wheel; all of them tried out."""
