"""Orders to the client that runs, given on a command line: `linkus-desktop call 1002`, `answer`, `status`."""
