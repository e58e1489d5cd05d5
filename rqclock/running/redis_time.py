"""Redis's time, so that clocks on different hosts agree; carried on by the monotonic clock between two samples."""

from __future__ import annotations

from dataclasses import dataclass

from rqclock.store.presence import has_jumped

SMALL = 1.0  # seconds of a jump that is simply followed
SLEW = 0.1  # seconds gained or lost a second while a middling jump is worked off
DRIFT = 500e-6  # seconds a second that two clocks may part at most: the rate at which NTP turns a clock (adjtimex)


@dataclass
class RedisTime:
    """An estimate of Redis's TIME that is not ahead of it unless that is set back: nothing is enqueued early.

    `offset` is Redis's epoch seconds less our monotonic ones. A sample tells the span in which that lies: the server
    looked at its clock between our question and its answer. Of several spans the latest beginning counts (Marzullo's
    way to intersect them), less what the clocks may have drifted apart since.
    """

    offset: float | None = None
    held: float | None = None
    _most: float = 0.0  # the end of that span
    _sampled_at: float = 0.0
    _slewing_to: float | None = None
    _slewed_at: float = 0.0

    def now(self, monotonic: float) -> float:
        """Redis's time at an instant of our monotonic clock, in epoch seconds. A sample must have been offered."""
        assert self.offset is not None
        self._slew(monotonic)
        return self.offset + monotonic

    def offer(self, server: float, asked: float, answered: float, wall: float) -> None:
        """Take in a sample: Redis said `server` between two instants of our monotonic clock, `wall` being the host's.

        A jump of up to a second is followed, one of up to 30 s is worked off slowly. Beyond, Redis is believed only
        when this host's own clock agrees with it; else `held` is the jump in seconds, and we go on by our own clock.
        """
        least, most = server - answered, server - asked
        if self.offset is None:
            self._follow(least, most, answered)
            return
        self._slew(answered)
        jump = least - self.offset
        fits = least <= self.offset <= most
        if fits and most - least > 2 * SMALL and self.behind:
            return  # so unsure a sample does not tell that a jump is over
        drifted = DRIFT * (answered - self._sampled_at)
        self.held = self._slewing_to = None
        if fits:
            self._follow(max(least, self.offset - drifted), min(most, self._most + drifted), answered)
        elif abs(jump) <= SMALL or 0 < jump <= self._most + drifted - self.offset:
            self._follow(least, most, answered)  # the second: what we knew left that open
        elif has_jumped(jump) and not has_jumped(server - wall):
            self._follow(least, most, answered)
        elif not has_jumped(jump):
            self._slewing_to, self._slewed_at = least, answered
        else:
            self.held = most - self.offset  # the most, so that a clock which goes by it is not ahead either

    def _follow(self, least: float, most: float, answered: float) -> None:
        self.offset, self._most, self._sampled_at = least, max(least, most), answered

    @property
    def behind(self) -> float:
        """Seconds by which Redis's time is ahead of ours: of a jump that is held, or what is left of one worked off."""
        if self.held is not None:
            return self.held
        return 0.0 if self._slewing_to is None or self.offset is None else self._slewing_to - self.offset

    def hold(self, jump: float) -> None:
        """Go by the time before a jump of Redis's that began before we did; a sample must have been offered."""
        assert self.offset is not None
        self.offset, self._most, self.held = self.offset - jump, self._most - jump, jump

    def accept(self) -> None:
        """Believe Redis from the next sample on: a person said so."""
        self.offset = self.held = self._slewing_to = None

    def _slew(self, monotonic: float) -> None:
        if self._slewing_to is None or self.offset is None:
            return
        most = SLEW * (monotonic - self._slewed_at)
        step = max(-most, min(most, self._slewing_to - self.offset))
        self.offset, self._slewed_at = self.offset + step, monotonic
        if abs(self._slewing_to - self.offset) < 1e-6:
            self._slewing_to = None
