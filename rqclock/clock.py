"""`Clock`: what a clock.py is written with. Lines that can't be used are noted with their place, and told together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec, Unpack

from rqclock import early_stop
from rqclock.errors import ConfigurationError, Problem, TimetableError, TriggerError
from rqclock.store.ticks import slug
from rqclock.timetable import policies as policies_of
from rqclock.timetable import scheduled_jobs, targets
from rqclock.timetable.policies import Defaults, Options, Unnamed
from rqclock.timetable.schedules import Policies, Schedule, Timetable
from rqclock.triggers import Rules, Trigger, natural
from rqclock.triggers import cron as cron_trigger
from rqclock.triggers import every as every_trigger

P = ParamSpec("P")
Place = tuple[str, int]
Build = Callable[[Rules], Trigger]


class Clock:
    """All schedules of one clock file.

    `timezone` is the zone in which its times are meant (IANA, "Europe/London"), `name` scopes its keys in Redis, so
    that services may share one; `catch_up_rate` is how many runs a second are caught up after an outage. Other
    keywords are defaults for every line; see `rqclock.timetable.policies.Defaults`.
    """

    def __init__(
        self, timezone: str = "UTC", name: str = "default", *, catch_up_rate: int = 50, **defaults: Unpack[Defaults]
    ) -> None:
        early_stop.is_over()
        self.timezone = timezone
        self.name = name
        self.catch_up_rate = catch_up_rate
        self._defaults = dict(defaults)
        self._schedules: dict[str, Schedule] = {}
        self._pending: list[Pending] = []
        self._problems: list[Problem] = []
        self._zone = timezone
        self._note_problem(self._check_itself, _place())

    def every(self, period: Any, *, at: Any = None, on: Any = None, **options: Unpack[Options]) -> Pending:
        """A line by period: `every("day", at="10:35").enqueue(function, …)`. See the language in rqclock/README.md."""
        return self._line(lambda rules: every_trigger(period, at=at, on=on, rules=rules), dict(options))

    def cron(self, expression: str, **options: Unpack[Options]) -> Pending:
        """A line by cron expression: 5 fields, or 6 with seconds first; names, `L`, `#`, `@daily`, a trailing zone."""
        return self._line(lambda rules: cron_trigger(expression, rules=rules), dict(options))

    def on_demand(self, name: str, **options: Unpack[Unnamed]) -> Pending:
        """A line without a time: a named button, `on_demand("reindex").enqueue(function)`."""
        return self._line(None, {**options, "name": name})

    def load(self, file: str | os.PathLike[str]) -> None:
        """The lines of a YAML file in GoodJob's format; a relative path is looked for beside the clock file."""
        place = _place()
        path = Path(place[0]).parent / file
        self._note_problem(lambda: self._load(path if path.exists() else Path(file), place), place)

    def timetable(self) -> Timetable:
        """The schedules, all checked. Raises TimetableError with every problem of the file."""
        problems = self._problems + [pending.forgotten() for pending in self._pending if not pending.done]
        problems += [
            Problem(schedule.file, schedule.line, f"renamed_from: {schedule.renamed_from!r} is in the timetable still")
            for schedule in self._schedules.values()
            if schedule.renamed_from in self._schedules
        ]
        if problems:
            raise TimetableError(sorted(problems, key=lambda problem: (problem.file, problem.line)))
        return Timetable(self.name, slug(self.name), self.timezone, tuple(self._schedules.values()), self.catch_up_rate)

    def run(self) -> None:
        """Be the clock: enqueue what is due until SIGTERM. Ends the process: 0 stopped, 2 cannot run as configured."""
        from rqclock.running.command import main

        sys.exit(main(self.timetable, sys.argv[1:]))

    def _line(self, build: Build | None, options: dict[str, Any]) -> Pending:
        pending = Pending(self, build, options, _place())
        self._pending.append(pending)
        return pending

    def _load(self, path: Path, place: Place) -> None:
        shown = _shown(str(path))
        for entry in scheduled_jobs.read(path, shown):
            if isinstance(entry, Problem):
                self._problems.append(entry)
            else:
                self._load_entry(entry)

    def _load_entry(self, entry: scheduled_jobs.Entry) -> None:
        options: dict[str, Any] = {"name": entry.name, "enabled": entry.enabled}
        options |= {"description": entry.description} if entry.description else {}
        pending = Pending(self, lambda rules: natural(entry.cron, rules=rules), options, entry.place())
        functions: list[Callable[..., Any]] = []

        def add() -> None:
            schedule = pending.schedule(functions[0], entry.args, entry.kwargs)
            self._add(schedule.on_queue(entry.queue) if entry.queue else schedule)

        subject = f"{entry.name}: "
        fine = self._note_problem(pending.check_time, entry.place("cron"), subject)
        found = self._note_problem(
            lambda: functions.append(scheduled_jobs.function(entry.path)), entry.place("class"), subject
        )
        if fine and found:
            self._note_problem(add, entry.place("args", "kwargs"), subject)

    def _check_itself(self) -> None:
        defaults, self._defaults = self._defaults, {}  # so that a wrong one is told once, and not at every line
        policies_of.check(defaults, Defaults)
        self._defaults = defaults
        policies_of.check({"name": self.name}, Options)
        if not isinstance(self.catch_up_rate, int) or self.catch_up_rate < 1:
            raise ConfigurationError(f"catch_up_rate={self.catch_up_rate!r}: say how many runs a second, 1 or more")
        timezone, self._zone = self.timezone, "UTC"  # likewise
        if not isinstance(timezone, str):
            raise ConfigurationError(f'timezone={timezone!r}: say a zone such as "Europe/London"')
        every_trigger("day", rules=Rules(tz=timezone))
        self._zone = timezone

    def _note_problem(self, step: Callable[[], None], place: Place, subject: str = "") -> bool:
        """Take the step; whether nothing was wrong. What was is told at that place, beginning with its subject."""
        try:
            step()
        except ConfigurationError as error:
            found = error.problems if isinstance(error, TimetableError) else ()
            self._problems += found or [Problem(*place, subject + line) for line in str(error).splitlines()]
            return False
        return True

    def _add(self, schedule: Schedule) -> None:
        other = self._schedules.setdefault(schedule.slug, schedule)
        if other is not schedule:
            same = "" if other.name == schedule.name else f" ({other.name!r}: both give jobs {schedule.slug!r})"
            raise ConfigurationError(
                f'{schedule.name!r} has the same name as line {other.line}{same}: tell them apart with name="…"'
            )


class Pending:
    """A line whose time is said and whose job is not yet."""

    def __init__(self, clock: Clock, build: Build | None, options: dict[str, Any], place: Place) -> None:
        self._clock = clock
        self._build = build
        self._options = options
        self._place = place
        self.done = False

    def enqueue(self, function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> None:
        """Say what is queued at that time: a function that a worker can import, with arguments that JSON carries."""
        self.done = True
        self._clock._note_problem(lambda: self._clock._add(self.schedule(function, args, kwargs)), self._place)

    def forgotten(self) -> Problem:
        """The problem of a line that ends after its time."""
        return Problem(*self._place, "this line names a time and no job: end it with .enqueue(function)")

    def schedule(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Schedule:
        """The line with its job. Raises ConfigurationError."""
        policies_of.check(self._options, Options)
        options = {**self._clock._defaults, **self._options}
        target = targets.read(function, args, kwargs, clock_file=self._place[0])
        name = options.get("name") or targets.default_name(target.path)
        trigger = self._trigger(options)
        return Schedule(
            name=name,
            slug=slug(name),
            trigger=trigger,
            target=target,
            policies=policies_of.policies(options, trigger.period) if trigger else Policies(),
            spread=policies_of.offset(name, options),
            description=options.get("description") or targets.first_line(function),
            owner=options.get("owner", ""),
            enabled=options.get("enabled", True),
            run_now=options.get("run_now", True),
            renamed_from=slug(options["renamed_from"]) if "renamed_from" in options else "",
            zone="UTC" if trigger else policies_of.rules(options, self._clock._zone).tz,
            file=self._place[0],
            line=self._place[1],
            predicate=options.get("if_"),
        )

    def check_time(self) -> None:
        """Raise ConfigurationError if its time cannot be used, whatever its job is."""
        self._trigger({**self._clock._defaults, **self._options})

    def _trigger(self, options: dict[str, Any]) -> Trigger | None:
        if self._build is None:
            return None
        rules = policies_of.rules(options, self._clock._zone)
        if "if_holiday" not in self._options:
            rules = policies_of.for_line(rules, self._build)
        trigger = self._build(rules)
        if trigger.after(0) is None:
            raise TriggerError("this never fires")
        return trigger


def _place() -> Place:
    """File and line of the person's own code: the nearest frame outside of this package."""
    here = os.path.dirname(__file__) + os.sep
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
    return _shown(frame.f_code.co_filename), frame.f_lineno


@lru_cache(maxsize=256)
def _shown(file: str) -> str:
    """The path as people know it: from where they stand, if it is below."""
    below = os.path.relpath(file)
    return file if below.startswith("..") else below
