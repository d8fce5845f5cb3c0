"""How much: text calls, their tokens, pictures, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

# Dollars are counted in millionths, so that sums are exact.
MICROS = 1_000_000


@dataclass(frozen=True)
class Amount:
    """`tokens` are the text models'; `cost` is in US dollars, rounded to 6 places."""

    calls: int = 0
    tokens: int = 0
    pictures: int = 0
    cost: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return of_micros(*(mine + its for mine, its in zip(self.micros(), other.micros(), strict=True)))

    def __sub__(self, other: Amount) -> Amount:
        return of_micros(*(mine - its for mine, its in zip(self.micros(), other.micros(), strict=True)))

    def __bool__(self) -> bool:
        return any(self.micros())

    def within(self, other: Amount) -> Amount:
        """The part of it that `other` covers."""
        return of_micros(*map(min, self.micros(), other.micros()))

    def micros(self) -> tuple[int, int, int, int]:
        """As whole numbers, the cost in millionths of a dollar."""
        return self.calls, self.tokens, self.pictures, round(self.cost * MICROS)

    def public(self) -> dict[str, float]:
        """The amount as answers show it."""
        return {
            "calls": self.calls,
            "tokens": self.tokens,
            "pictures": self.pictures,
            "cost": round(self.cost, 6),
        }


def of_micros(calls: int, tokens: int, pictures: int, cost: int) -> Amount:
    """The amount of whole numbers, `cost` in millionths of a dollar."""
    return Amount(int(calls), int(tokens), int(pictures), round(int(cost) / MICROS, 6))


NOTHING = Amount()
