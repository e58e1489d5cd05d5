"""What a schedule is called today, whatever it was called when something was written or remembered of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

import redis

from rqclock.store.keys import Keys
from rqclock.store.replies import texts
from rqclock.timetable.schedules import Schedule


class Names:
    """The slugs of the schedules that Redis knows: `renamed` leads from a former one to the one after it.

    `reused` has those that came back for another schedule, each with the ones that earlier schedules were given then.
    """

    def __init__(self, renamed: Mapping[str, str], reused: Mapping[str, str] | None = None) -> None:
        self._renamed = renamed
        self._reused = reused or {}

    @classmethod
    def read(cls, connection: redis.Redis, keys: Keys) -> Names:
        """Raises redis.RedisError."""
        pipeline = connection.pipeline(transaction=False)
        for name in ("renamed", "reused"):
            pipeline.hgetall(keys.named(name))
        return cls(*map(texts, pipeline.execute()))

    def today(self, slug: str) -> str:
        """The slug of today of the schedule that had this one; itself when it has it still."""
        seen = {slug}
        while (after := self._renamed.get(slug)) and after not in seen:  # renamed more than once
            seen.add(after)
            slug = after
        return slug

    def heirs(self, slug: str) -> list[str]:
        """The slugs of today of all schedules that have had this one; what has it now comes first."""
        found, seen = [slug], {slug}
        for one in found:  # which grows
            after = [*filter(None, [self._renamed.get(one)]), *self._reused.get(one, "").split()]
            found += [other for other in dict.fromkeys(after) if other not in seen]
            seen.update(after)
        return list(dict.fromkeys(map(self.today, found)))

    def origins(self, schedules: Sequence[Schedule], *, in_force: Set[str], retired: Set[str]) -> dict[str, str]:
        """Which of the slugs in force, or retired, these schedules go on from, by the slug that each has now.

        One goes on from the name that it says it had, or, when an earlier version of the timetable comes back, from
        the one that it was given since.
        """
        free = set(in_force | retired) - {schedule.slug for schedule in schedules}
        found: dict[str, str] = {}
        for schedule in schedules:
            named = (self.today(name) for name in (schedule.renamed_from, schedule.slug))
            old = next((one for one in named if one in free), None)
            if old is not None and schedule.slug not in in_force:
                free.discard(old)
                found[schedule.slug] = old
        return found
