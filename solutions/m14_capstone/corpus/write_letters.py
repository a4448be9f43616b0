"""Writes `letters.csv` from `phrases.toml`: the same seed, the same letters, with noise."""

import csv
import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
SEED, COUNT = 20250101, 720
FIRST_DAY, DAYS = date(2025, 1, 2), 362
LATE = date(2025, 9, 1)
SHARES = {"repair": 0.38, "rent": 0.27, "neighbours": 0.2, "termination": 0.15}
CHANNELS = {"post": 0.25, "mail": 0.45, "portal": 0.3}
LEARNERS, CLERKS_MISTAKES = 0.25, 0.02
COLUMNS = ("letter_id", "received", "channel", "writer", "subject", "text", "label", "urgency")
MONTHS = ("March", "June", "September", "December")

Phrases = Mapping[str, Any]


def main() -> None:
    """Write the corpus beside this file."""
    phrases = tomllib.loads((HERE / "phrases.toml").read_text(encoding="utf-8"))
    rows = letters(phrases, Random(SEED))
    with (HERE / "letters.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def letters(phrases: Phrases, random: Random) -> list[dict[str, str]]:
    """All letters, in the order in which they came."""
    days = sorted(random.randrange(DAYS) for _ in range(COUNT))
    return [
        {"letter_id": f"L{number:04}", **letter(phrases, FIRST_DAY + timedelta(day), random)}
        for number, day in enumerate(days, 1)
    ]


def letter(phrases: Phrases, day: date, random: Random) -> dict[str, str]:
    """One letter with its label and urgency, as the clerk who opened it wrote them down."""
    label, channel = weighted(SHARES, random), weighted(CHANNELS, random)
    writer = "learner" if random.random() < LEARNERS else "native"
    around = phrases["around"]
    concern = choose(phrases[label]["phrases"], day, random)
    sentences = [sentence(concern["say"])]
    if random.random() < 0.35:
        sentences.append("Besides, " + choose(phrases[label]["phrases"], day, random, calm=True)["say"] + ".")
    if random.random() < 0.4:  # something of another kind, told in passing
        other = random.choice([kind for kind in SHARES if kind != label])
        told = choose(phrases[other]["phrases"], day, random, calm=True)["say"]
        sentences.append(
            random.choice(("By the way, ", "I wrote to you before that ", "It is also true that ")) + told + "."
        )
    sentences += random.sample(around["padding"], random.randint(0, 3))
    sentences += tone(bool(concern.get("urgent")), around, random)
    first, rest = sentences[0], sentences[1:]
    random.shuffle(rest)
    body = [*rest[:1], first, *rest[1:]] if random.random() < 0.4 else [first, *rest]
    if channel != "portal":
        body = [
            random.choice(around["greetings"]),
            *body,
            random.choice(around["closings"]),
            random.choice(around["names"]),
        ]
    plain = random.random() < (0.6 if channel == "portal" else 0.4)
    subject = random.choice(around["plain_subjects"] if plain else phrases[label]["subjects"])
    if random.random() < CLERKS_MISTAKES:
        label = random.choice([kind for kind in SHARES if kind != label])
    return {
        "received": day.isoformat(),
        "channel": channel,
        "writer": writer,
        "subject": filled(subject, around, random),
        "text": noisy(filled(" ".join(body), around, random), channel, writer, random),
        "label": label,
        "urgency": "urgent" if concern.get("urgent") else "ordinary",
    }


def tone(urgent: bool, around: Phrases, random: Random) -> list[str]:
    """What people add: many say that it is urgent when it is not, and some do not when it is."""
    if random.random() < (0.45 if urgent else 0.15):
        return [random.choice(around["pressing"])]
    return [random.choice(around["relaxed"])] if not urgent and random.random() < 0.25 else []


def choose(phrases: Sequence[Phrases], day: date, random: Random, *, calm: bool = False) -> Phrases:
    """A phrase that can be heard on that day; a calm one where it is told in passing."""
    heard = [each for each in phrases if day >= LATE or not each.get("late")]
    return random.choice([each for each in heard if not (calm and each.get("urgent"))])


def filled(text: str, around: Phrases, random: Random) -> str:
    """The text with a value of its own in each of its slots."""
    values = {
        "room": lambda: random.choice(around["rooms"]),
        "day": lambda: random.choice(around["days"]),
        "person": lambda: random.choice(around["people"]),
        "month": lambda: random.choice(MONTHS),
        "amount": lambda: str(random.randrange(20, 900)),
        "months": lambda: str(random.randrange(2, 9)),
        "flat": lambda: str(random.randrange(1, 40)),
    }
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]](), text)


def noisy(text: str, channel: str, writer: str, random: Random) -> str:
    """What arrives: learners leave small words out, fingers slip, and the scanner of the post room misreads."""
    words = text.split(" ")
    if writer == "learner":
        words = [word for word in words if word.lower() not in SMALL or random.random() < 0.5]
    slips = 0.06 if writer == "learner" else 0.03
    words = [slip(word, random) if len(word) > 4 and random.random() < slips else word for word in words]
    if channel == "post":
        words = [misread(word, random) if random.random() < 0.08 else word for word in words]
    text = " ".join(words)
    return text.lower() if channel == "portal" and random.random() < 0.4 else text


def slip(word: str, random: Random) -> str:
    """Two letters changed places, or one is missing."""
    place = random.randrange(1, len(word) - 2)
    if random.random() < 0.5:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return word[:place] + word[place + 1 :]


def misread(word: str, random: Random) -> str:
    """A letter or two that look alike."""
    known = [pair for pair in LOOKALIKES if pair[0] in word]
    return word.replace(*random.choice(known), 1) if known else word


def sentence(words: str) -> str:
    """Words with a capital letter and a full stop."""
    return words[0].upper() + words[1:] + "."


def weighted(shares: Mapping[str, float], random: Random) -> str:
    """One of the names, as often as its share says."""
    return random.choices(list(shares), list(shares.values()))[0]


SMALL = {"the", "a", "an", "is", "are", "of", "to", "has", "have"}
LOOKALIKES = (("rn", "m"), ("m", "rn"), ("l", "1"), ("o", "0"), ("e", "c"), ("cl", "d"), ("ti", "fi"), ("u", "ii"))

if __name__ == "__main__":
    main()
