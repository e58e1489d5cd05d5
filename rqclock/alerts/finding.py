"""What a look found about one thing that may be wrong."""

from __future__ import annotations

from dataclasses import dataclass

from rqclock.alerts.kinds import Kind


@dataclass(frozen=True)
class Finding:
    """`bad` None: it cannot be told at this moment, so whatever was said of it stands.

    `subject` is a schedule's slug or a queue; `name` is what people call it. `at` is the run, or the instant, that it
    is about: something is well again only by what came as late or later. `since` is when it began to be wrong
    (epoch seconds). `text` is one sentence without its stop, also where it is well.
    """

    kind: Kind
    bad: bool | None
    clock: str = ""
    subject: str = ""
    name: str = ""
    at: float = 0.0
    since: float = 0.0
    text: str = ""

    @property
    def id(self) -> str:
        """The same at every look, in every process."""
        return ":".join((self.kind.slug, self.clock, self.subject))
