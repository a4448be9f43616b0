"""The pages of an expo: what is published, what is printed, and what programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from mlops_grader.capstone import forms, rendering
from mlops_grader.capstone.expo import codes as coding
from mlops_grader.capstone.expo.entries import Entry
from mlops_grader.capstone.expo.order import Slot, clashes
from mlops_grader.capstone.expo.pictures import Picture
from mlops_grader.capstone.expo.votes import Tally
from mlops_grader.capstone.rubric import Judge, Line, Rubric
from mlops_grader.capstone.state import State
from mlops_grader.capstone.wording import AUTHORITIES
from mlops_grader.team import Member

MARK = "expo.json"
SCHEMA = "mlops-grader/expo/v1"
LAST_AWARD = 3  # the last place that a certificate speaks of
CLAIMS = 14  # on a certificate, so that it stays one page
STATES = {State.EARNED: "shown", State.NOT_EARNED: "not shown", State.UNKNOWN: "not tried"}


@dataclass(frozen=True)
class Expo:
    """An expo: its day, its order, who judges, and the votes when they are there. base_url: where it is published, or ""."""

    title: str
    date: date
    seed: int
    base_url: str
    slots: tuple[Slot, ...]
    minutes: int
    pause: int
    judges: tuple[str, ...]
    rubric: Rubric
    tally: Tally | None = None


@dataclass(frozen=True)
class Shot:
    """A picture under its name on the site."""

    name: str
    picture: Picture


@dataclass(frozen=True)
class Card:
    """A team as its pages show it."""

    entry: Entry
    slot: Slot
    code: str
    screenshot: Shot | None
    architecture: Shot | None


def files(expo: Expo) -> dict[str, str | bytes]:
    """Every file of an expo: below `site/` what is published, below `print/` what is for paper, and the facts as JSON."""
    entries = [slot.entry for slot in expo.slots]
    names = [each.slug for each in entries] + [f"{judge}/{each.slug}" for judge in expo.judges for each in entries]
    codes = coding.codes(names, expo.seed)
    cards = [_card(slot, codes[slot.entry.slug]) for slot in expo.slots]
    shots = (shot for card in cards for shot in (card.screenshot, card.architecture) if shot)
    return {
        MARK: json.dumps(_facts(expo, cards), indent=2, ensure_ascii=False) + "\n",
        **{f"site/{shot.name}": shot.picture.content for shot in shots},
        **{f"site/{name}": text for name, text in _site(expo, cards, codes).items()},
        **{f"print/{name}": text for name, text in _print(expo, cards, codes).items()},
    }


def items(rubric: Rubric, entry: Entry) -> tuple[tuple[Line, tuple[Member, ...]], ...]:
    """What a judge scores of a team: the lines for judges, each with the persons whom it is scored for; none for a team's."""
    lines = [line for line in rubric.lines if line.judge is Judge.EXPO]
    return tuple((line, entry.team.members if line.individual else ()) for line in lines)


def blank_scores(expo: Expo, judge: str) -> str:
    """The form that a judge fills in: every line of every team, in the running order."""
    made = [
        forms.form(expo.rubric, Judge.EXPO, name=judge, team=slot.entry.team.name, people=slot.entry.team.ids)
        for slot in expo.slots
    ]
    head = made[0].splitlines(keepends=True)[0]
    return head + "".join(form.removeprefix(head) for form in made)


def _card(slot: Slot, code: str) -> Card:
    entry = slot.entry
    return Card(
        entry,
        slot,
        code,
        _shot(entry, "screenshot", entry.screenshot),
        _shot(entry, "architecture", entry.architecture),
    )


def _shot(entry: Entry, what: str, picture: Picture | None) -> Shot | None:
    return Shot(f"pictures/{entry.slug}-{what}.{picture.suffix}", picture) if picture else None


def _site(expo: Expo, cards: Sequence[Card], codes: Mapping[str, str]) -> dict[str, str]:
    pages = rendering.environment(__package__)
    style, script = rendering.source(__package__, "style.css"), rendering.source(__package__, "cards.js")
    shared = {"expo": expo, "style": style, "scripts": "'none'", "authorities": AUTHORITIES}
    index = {**shared, "scripts": rendering.script_hash(script), "script": script}
    team = pages.get_template("team.html.jinja")
    go = pages.get_template("go.html.jinja")
    claims = {line.id: line.claim for line in expo.rubric.lines}
    made = {"index.html": pages.get_template("index.html.jinja").render(index, cards=cards)}
    for card in cards:
        demo = rendering.link(card.entry.showcase.demo)
        made[f"teams/{card.entry.slug}.html"] = team.render(shared, card=card, demo=demo, claims=claims, states=STATES)
        for name, code in codes.items():
            if name.rpartition("/")[2] == card.entry.slug:
                made[f"go/{code}.html"] = go.render(shared, entry=card.entry, code=code)
    return made


def _print(expo: Expo, cards: Sequence[Card], codes: Mapping[str, str]) -> dict[str, str]:
    pages = rendering.environment(__package__)
    context: dict[str, Any] = {
        "expo": expo,
        "cards": cards,
        "codes": codes,
        "style": rendering.source(__package__, "print.css"),
        "authorities": AUTHORITIES,
        "drawing": coding.drawing,
        "items": {card.entry.slug: items(expo.rubric, card.entry) for card in cards},
        "clashes": clashes([card.entry for card in cards]),
        "shown_lines": {card.entry.slug: tuple(_shown(card.entry, expo.rubric)) for card in cards},
        "awards": {card.entry.slug: tuple(_awards(card.entry, expo.tally)) for card in cards},
        "most": CLAIMS,
    }
    made = {
        f"{name}.html": pages.get_template(f"{name}.html.jinja").render(context)
        for name in ("judges", "order", "certificates")
    }
    return made | {f"scores-{judge}.csv": blank_scores(expo, judge) for judge in expo.judges}


def _shown(entry: Entry, rubric: Rubric) -> Iterator[str]:
    claims = {line.id: line.claim for line in rubric.lines}
    for line in entry.measured.lines if entry.measured else ():
        if line.state is State.EARNED:
            yield claims.get(line.id, line.id)


def _awards(entry: Entry, tally: Tally | None) -> Iterator[str]:
    for category in tally.categories if tally else ():
        for each in category.placed:
            if each.entry.slug == entry.slug and each.place <= LAST_AWARD:
                same = sum(other.place == each.place for other in category.placed) - 1
                shared = f", shared with {same} other {'team' if same == 1 else 'teams'}" if same else ""
                votes = f"{each.votes} of {category.votes} votes"
                yield f"{category.name}: place {each.place}{shared}, with {votes}"


def _facts(expo: Expo, cards: Sequence[Card]) -> dict[str, Any]:
    """Order and votes as data."""
    return {
        "schema": SCHEMA,
        "title": expo.title,
        "date": expo.date.isoformat(),
        "seed": expo.seed,
        "teams": [
            {
                "name": card.entry.team.name,
                "page": f"teams/{card.entry.slug}.html",
                "code": card.code,
                "begin": card.slot.begin.isoformat(timespec="minutes"),
                "end": card.slot.end.isoformat(timespec="minutes"),
            }
            for card in cards
        ],
        "votes": _votes(expo.tally) if expo.tally else None,
    }


def _votes(tally: Tally) -> dict[str, Any]:
    return {
        "rule": tally.rule,
        "categories": [
            {
                "name": category.name,
                "votes": category.votes,
                "placed": [
                    {"place": each.place, "team": each.entry.team.name, "votes": each.votes} for each in category.placed
                ],
            }
            for category in tally.categories
        ],
    }
