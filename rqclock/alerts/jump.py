"""Whether Redis's time has jumped, and the clocks go on by theirs."""

from __future__ import annotations

from rqclock.alerts.finding import Finding
from rqclock.alerts.kinds import TIME_HELD
from rqclock.alerts.silence import Beat
from rqclock.store.presence import has_jumped
from rqclock.views.wording import length


def look(clock: str, beat: Beat) -> Finding:
    """What the beat of the leader tells; `clock` is the Clock's slug."""
    if not beat.owner:
        return Finding(TIME_HELD, None, clock, name=beat.name)
    if not has_jumped(beat.held):
        text = f"the clocks of {beat.name!r} go by Redis's time"
        return Finding(TIME_HELD, False, clock, name=beat.name, text=text)
    way = "ahead" if beat.held > 0 else "back"
    by = length(abs(round(beat.held)))
    text = f"Redis's time has jumped {way} by {by}; the clocks of {beat.name!r} go on as before"
    return Finding(TIME_HELD, True, clock, name=beat.name, since=beat.at or 0.0, text=text)
