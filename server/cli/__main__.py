"""`python -m server.cli`: the same as `linkus-pbx`."""

from server.cli import main

main()
