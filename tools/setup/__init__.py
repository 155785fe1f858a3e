"""`make setup`: from a bare Debian with Python to a machine that can run, test and package the project.

Only the standard library is used: nothing is installed yet when this runs.
"""
