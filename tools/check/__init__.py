"""`make test`, `make unit`, `make lint`: the checks, part by part, what each found, and how long it took."""
