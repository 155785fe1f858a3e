"""What queueing theory says of a call centre: Erlang C, and Erlang A for callers who give up."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Theory:
    """Of all callers: the share that waits, the mean wait in seconds, the share that gives up."""

    waiting: float
    mean_wait_s: float
    abandoned: float = 0.0


def erlang_c(agents: int, calls_per_s: float, handling_s: float) -> Theory:
    """Patient callers; the load must be below the number of agents."""
    load = calls_per_s * handling_s
    blocking = 1.0
    for number in range(1, agents + 1):
        blocking = load * blocking / (number + load * blocking)
    waiting = blocking / (1 - load / agents * (1 - blocking))
    return Theory(waiting, waiting * handling_s / (agents - load))


def erlang_a(agents: int, calls_per_s: float, handling_s: float, patience_s: float) -> Theory:
    """Callers whose patience is exponential: the stationary distribution of the birth and death process."""
    weights, waiting_mean, most = [0.0], 0.0, 20 * agents + 1000
    for number in range(1, most):
        death = min(number, agents) / handling_s + max(0, number - agents) / patience_s
        weights.append(weights[-1] + math.log(calls_per_s / death))
    top = max(weights)
    probability = [math.exp(weight - top) for weight in weights]
    total = sum(probability)
    waits = sum(probability[agents:]) / total
    waiting_mean = (
        sum((number - agents) * p for number, p in enumerate(probability) if number > agents) / total
    )
    return Theory(waits, waiting_mean / calls_per_s, waiting_mean / patience_s / calls_per_s)


T_99 = 2.861
"""Student's t for 19 degrees of freedom, 99 % two-sided."""
BATCHES = 20


@dataclass(frozen=True)
class Measured:
    """A mean and half the width of its 99 % confidence interval, from the means of batches."""

    mean: float
    half: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, float) and abs(value - self.mean) <= self.half


def measured(values: list[float]) -> Measured:
    """Values in the order of time, which may hang together: so batches, as long as they can be."""
    size = len(values) // BATCHES
    means = [sum(values[start : start + size]) / size for start in range(0, size * BATCHES, size)]
    mean = sum(means) / BATCHES
    variance = sum((one - mean) ** 2 for one in means) / (BATCHES - 1)
    return Measured(mean, T_99 * math.sqrt(variance / BATCHES))
