"""exp, log and whole powers from additions, multiplications and divisions: no mathematical library.

Libraries promise no last bits for these; IEEE 754 does for each of the operations here, so any CPU
gives the same. Against correctly rounded ones they are about 1e-15 off at most, exp for -87 to 0
and log for 1 and more; NaN gives NaN.
"""

import math

from fixed_eval.engines.native.compiled import compiled

_LOG2_E = 1.4426950408889634
# ln 2 as a sum: the first part has so few digits that its whole multiples are exact.
_LN_2_HIGH, _LN_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_EXP_TERMS, _LOG_TERMS = 14, 23
_ROOT_2 = 1.4142135623730951


@compiled
def exp(x: float) -> float:
    """E to the power `x`: Taylor's series around the nearest multiple of ln 2."""
    n = math.floor(x * _LOG2_E + 0.5)
    rest = (x - n * _LN_2_HIGH) - n * _LN_2_LOW
    total = 1.0
    for k in range(_EXP_TERMS, 0, -1):
        total = 1.0 + rest * total / k
    power = 1.0
    for _ in range(abs(n)):  # exact: a power of two
        power *= 2.0
    return total / power if n < 0 else total * power


@compiled
def log(x: float) -> float:
    """The natural logarithm of `x` ≥ 1: the series of artanh, after halving `x` to near 1."""
    n = 0
    while x > _ROOT_2:
        x *= 0.5
        n += 1
    s = (x - 1.0) / (x + 1.0)
    total = 0.0
    for k in range(_LOG_TERMS, 0, -2):
        total = total * (s * s) + 1.0 / k
    return n * _LN_2_HIGH + (n * _LN_2_LOW + 2.0 * s * total)


@compiled
def power(base: float, exponent: int) -> float:
    """`base` to a whole power, 0 or more, by squaring."""
    result = 1.0
    while exponent > 0:
        if exponent % 2 == 1:
            result *= base
        base *= base
        exponent //= 2
    return result
