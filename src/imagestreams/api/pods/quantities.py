"""Amounts: read, compared, and written in the one form in which the API answers them.

`1000m` is answered as `1`, `0.5` as `500m`, `1.5Gi` as `1536Mi`: no fraction, the largest unit that allows for that,
decimal, binary or as an exponent, as it was sent. Nothing is finer than a billionth; what is finer is rounded up, as
Kubernetes does it.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal

from imagestreams.api.pods.values import Quantity

Form = Literal["decimal", "binary", "exponent"]

_PATTERN: Final = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_PARTS = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?P<unit>[eEinumkKMGTP]*[-+]?[0-9]*)",
)
_EXPONENT = re.compile(r"[eE](?P<power>[-+]?[0-9]+)")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_UNITS: Final = {power: unit for unit, power in _DECIMAL.items()}
_BINARY_UNITS: Final = {0: "", **{power: unit for unit, power in _BINARY.items()}}
_FINEST: Final = -9
_LARGEST: Final = 2**63 - 1
_MAX_POWER: Final = 10_000
_MAX_LENGTH: Final = 1_000


class QuantityError(ValueError):
    """The text is no amount; the message is that of Kubernetes."""


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount, and the form in which it was written."""

    value: Fraction
    form: Form = "decimal"

    def __str__(self) -> str:
        """Write the amount in its canonical form."""
        if self.form == "binary" and abs(self.value) >= 1024:
            return _written_binary(_rounded(self.value, 0))
        if not self.value:
            return "0"
        digits, power = _without_zeros(_rounded(self.value, _FINEST))
        power += _FINEST
        digits, power = digits * 10 ** (power % 3), power - power % 3
        if self.form == "exponent":
            return f"{digits}e{power}" if power else str(digits)
        while power > 18:  # there is no larger unit
            digits, power = digits * 1000, power - 3
        return f"{digits}{_DECIMAL_UNITS[power]}"

    def rounded_up(self, power: int) -> "Amount":
        """Return the amount without anything finer than a power of ten, rounded away from zero."""
        return Amount(_rounded(self.value, power) * Fraction(10) ** power, self.form)


def parse_quantity(quantity: Quantity) -> Amount:
    """Read an amount.

    Raises:
        QuantityError: it is none.
    """
    return _parsed(str(quantity).strip())


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Amount:
    parts = _PARTS.fullmatch(text) if len(text) <= _MAX_LENGTH else None
    if parts is None:
        raise QuantityError(f"quantities must match the regular expression '{_PATTERN}'")
    unit = parts["unit"]
    form: Form = "decimal"
    factor = Fraction(1)
    if unit in _DECIMAL:
        factor = Fraction(10) ** _DECIMAL[unit]
    elif unit in _BINARY:
        form, factor = "binary", Fraction(1024 ** _BINARY[unit])
    elif (exponent := _EXPONENT.fullmatch(unit)) and abs(int(exponent["power"])) <= _MAX_POWER:
        form, factor = "exponent", Fraction(10) ** int(exponent["power"])
    else:
        raise QuantityError("unable to parse quantity's suffix")
    value = Fraction(parts["number"]) * factor
    value = max(-Fraction(_LARGEST), min(Fraction(_LARGEST), _rounded(value, _FINEST) * Fraction(10) ** _FINEST))
    if form == "binary" and 0 < value < 1:
        form = "decimal"
    return Amount(value, form)


def canonical(quantity: Quantity) -> str:
    """Return an amount in the form in which it is answered; a text that is no amount is returned as it is."""
    try:
        return str(parse_quantity(quantity))
    except QuantityError:
        return str(quantity)


def _rounded(value: Fraction, power: int) -> int:
    """Return how many times a power of ten an amount is, rounded away from zero."""
    scaled = value / Fraction(10) ** power
    return -(-scaled.numerator // scaled.denominator) if scaled > 0 else scaled.numerator // scaled.denominator


def _without_zeros(digits: int) -> tuple[int, int]:
    power = 0
    while digits and digits % 10 == 0:
        digits, power = digits // 10, power + 1
    return digits, power


def _written_binary(digits: int) -> str:
    power = 0
    while digits % 1024 == 0 and power < max(_BINARY_UNITS):
        digits, power = digits // 1024, power + 1
    return f"{digits}{_BINARY_UNITS[power]}"
