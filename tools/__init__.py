"""Tools of the project: set-up, checks, packages, pictures. Not part of the product."""
