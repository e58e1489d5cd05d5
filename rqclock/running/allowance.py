"""How much may be caught up at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Allowance:
    """The storm guard: how many ticks may be caught up now, `rate` more each second and at most so many at once."""

    rate: int
    left: float = 0.0
    at: float | None = None

    def refill(self, now: float) -> None:
        """Add what the time since the last refill has earned."""
        earned = self.rate if self.at is None else (now - self.at) * self.rate
        self.left, self.at = min(float(self.rate), self.left + max(0.0, earned)), now

    def take(self) -> bool:
        """Take one, if there is one."""
        if self.left < 1:
            return False
        self.left -= 1
        return True
