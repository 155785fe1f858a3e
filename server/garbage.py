"""The collector of cyclic garbage does not hold up calls."""

import gc


def spare_what_is_there() -> None:
    """Collect once, and never look at what is left again.

    Called when everything has been started: half a million objects of libraries and of ours, which live as
    long as the process does. A collection that looks at them stops everything for some 200 ms, every few
    hundred calls; without them it takes a few. What ends later is freed as ever, unless it was then part of
    a cycle.
    """
    gc.collect()
    gc.freeze()
