"""Which schedules the list shows: searched, filtered, sorted, one page of them. Only that page's runs are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rqclock.acts.activity import ALL
from rqclock.acts.pauses import Pauses
from rqclock.views.history import read_histories
from rqclock.web.forms import page_number
from rqclock.web.state import connection
from rqclock.web.timetables import Card
from rqclock.web.words import mark

PAGE = 50
COUNTED = 300  # up to so many schedules, the page says of how many the last run went wrong
LAST = 3  # runs in which the last one that is over is looked for
STATES = {
    "": "all",
    "wrong": "went wrong last time",
    "paused": "paused",
    "on": "running by the timetable",
    "off": "switched off",
}
SORTS = ("name", "next", "queue")


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    text: str = ""
    state: str = ""
    queue: str = ""
    sort: str = "name"
    page: int = 1

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Asked:
        """What cannot be asked for counts as not asked."""
        state, sort = values.get("state", ""), values.get("sort", "")
        return cls(
            values.get("q", "").strip()[:100],
            state if state in STATES else "",
            values.get("queue", ""),
            sort if sort in SORTS else "name",
            page_number(values.get("page")),
        )

    @property
    def narrowed(self) -> bool:
        return bool(self.text or self.state or self.queue)

    def address(self, **changes: object) -> dict[str, object]:
        """The arguments of the address with some of them changed; what is as usual is left out."""
        values = {"q": self.text, "state": self.state, "queue": self.queue, "sort": self.sort, "page": self.page}
        usual = {"q": "", "state": "", "queue": "", "sort": "name", "page": 1}
        return {name: value for name, value in (values | changes).items() if value != usual.get(name)}


@dataclass(frozen=True)
class Listing:
    """One page: its `cards`, how many there are in all and how many `fit`, and of how many the last run went wrong
    (`bad`) or needs a look (`warn`); None where too many would have to be read for it."""

    cards: Sequence[Card]
    total: int
    fit: int
    pages: int
    queues: tuple[str, ...]
    bad: int | None = None
    warn: int | None = None


def choose(cards: Sequence[Card], asked: Asked, *, now: int) -> Listing:
    """Raises redis.RedisError."""
    tones = last_tones(cards) if len(cards) <= COUNTED or asked.state == "wrong" else None
    fit = sorted(_fitting(cards, asked, now, tones or {}), key=lambda card: _order(card, asked.sort, now))
    first = (asked.page - 1) * PAGE
    found = list((tones or {}).values())
    return Listing(
        cards=fit[first : first + PAGE],
        total=len(cards),
        fit=len(fit),
        pages=max(1, -(-len(fit) // PAGE)),
        queues=tuple(sorted({card.schedule.target.options.queue for card in cards})),
        bad=None if tones is None else found.count("bad"),
        warn=None if tones is None else found.count("warn"),
    )


def last_tones(cards: Sequence[Card]) -> dict[tuple[str, str], str]:
    """How the last run that is over went, by Clock and slug. Further back is looked only where the last goes on."""
    tones = _tones(cards, 1)
    going_on = [card for card in cards if tones.get(_id(card)) == "wait"]
    return {id: tone for id, tone in (tones | _tones(going_on, LAST)).items() if tone != "wait"}


def _tones(cards: Sequence[Card], runs: int) -> dict[tuple[str, str], str]:
    found = {}
    for clock in sorted({card.keys.clock for card in cards}):
        own = [card for card in cards if card.keys.clock == clock]
        histories = read_histories(connection(), own[0].keys, [card.schedule for card in own], runs)
        for card, history in zip(own, histories, strict=True):
            tones = [mark(run).outcome.tone for run in history]
            if tones:
                found[_id(card)] = next((tone for tone in tones if tone != "wait"), "wait")
    return found


def _id(card: Card) -> tuple[str, str]:
    return card.keys.clock, card.schedule.slug


def _fitting(cards: Sequence[Card], asked: Asked, now: int, tones: Mapping[tuple[str, str], str]) -> list[Card]:
    text = asked.text.lower()
    found = [card for card in cards if not text or text in card.words]
    if asked.queue:
        found = [card for card in found if card.schedule.target.options.queue == asked.queue]
    if asked.state == "off":
        return [card for card in found if not card.schedule.enabled]
    if asked.state == "wrong":
        return [card for card in found if tones.get(_id(card)) in ("bad", "warn")]
    if asked.state in ("paused", "on"):
        return _by_pause(found, now, paused=asked.state == "paused")
    return found


def _by_pause(cards: list[Card], now: int, *, paused: bool) -> list[Card]:
    pauses = {card.keys.clock: card.keys for card in cards}
    slugs = {clock: set(Pauses(connection(), keys).in_force(now)) for clock, keys in pauses.items()}
    stopped = {id(card) for card in cards if {ALL, card.schedule.slug} & slugs[card.keys.clock]}
    return [card for card in cards if (id(card) in stopped) == paused and (paused or card.schedule.enabled)]


def _order(card: Card, sort: str, now: int) -> tuple[object, ...]:
    name = card.schedule.name.lower()
    if sort == "next":
        coming = card.next(now)
        return card.keys.clock, coming is None, coming or 0, name
    if sort == "queue":
        return card.keys.clock, card.schedule.target.options.queue, name
    return card.keys.clock, name
