"""Round numbers for an axis."""

import math


def nice_ticks(highest: float, count: int = 5) -> list[float]:
    """From 0 to the first round number at or above `highest`, in about `count` steps of 1, 2 or 5 × 10ⁿ."""
    if highest <= 0:
        return [0.0, 1.0]
    raw = highest / count
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    return [round(step * index, 10) for index in range(math.ceil(highest / step) + 1)]
