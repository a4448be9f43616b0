"""What patients write back: short messages that tell something of what they will do."""

from __future__ import annotations

import numpy as np

from mlops_grader.instruments.world.chance import Booleans, Floats, Integers, Texts, choose, pick, uniform

INTENTS = ("", "confirm", "cancel", "ask", "thank")

_REPLY_SHARE = np.array([0.05, 0.36, 0.12])  # after no reminder, an SMS, a call
_INTENTS_ATTENDED = (0.55, 0.03, 0.22, 0.20)
_INTENTS_NO_SHOW = (0.18, 0.46, 0.28, 0.08)
_PHRASES = {
    "confirm": (
        "Yes, I will be there",
        "Confirmed",
        "ok see you then",
        "I'm coming, thanks for the reminder",
        "Yes",
        "Will be there on time",
        "C",
        "Fine, that still works for me",
    ),
    "cancel": (
        "Sorry, I can't make it",
        "Please cancel my appointment",
        "I have to work that day, need another date",
        "Cannot come, my child is ill",
        "Can we move it to next week?",
        "I won't be able to come",
        "Not coming, feeling better already",
        "Cancel",
    ),
    "ask": (
        "Where do I park?",
        "What time was it again?",
        "Do I need to bring my insurance card",
        "Is it at the harbour or at the station clinic?",
        'Your message says "fasting", is water allowed?',
        "Who is this?",
        "Can my daughter come with me?",
        "How long will it take, I have a bus to catch",
    ),
    "thank": (
        "Thank you",
        "Thanks a lot",
        "Great, thank you!",
        "thx",
        "Many thanks for the kind call",
        "Merci, très gentil",
        "Thank you so much, you are very helpful",
        "Good, thanks",
    ),
}
_SPELLINGS = 8
_PLAIN_SHARE = 0.55
_SIGNED_SHARE = 0.06
_NUMBER_SHARE = 0.03


def _misspelt(phrase: str, spelling: int) -> str:
    """Return the phrase as it stands (0), without capitals or stops (1, 2), or with letters swapped or lost (3-7)."""
    if spelling == 0 or len(phrase) < 3:
        return phrase
    plain = phrase.lower() if spelling < 6 else phrase
    if spelling <= 2:
        return plain.rstrip("?!") if spelling == 1 else plain.replace("'", "").replace(",", "")
    at = 1 + (spelling * 7) % (len(plain) - 2)
    return plain[:at] + plain[at + 1] + plain[at] + plain[at + 2 :] if spelling % 2 else plain[:at] + plain[at + 1 :]


_PER_INTENT = len(_PHRASES["confirm"])
_TEXTS = ("", *(_misspelt(phrase, k) for phrases in _PHRASES.values() for phrase in phrases for k in range(_SPELLINGS)))


def reply_intents(seed: int, reminder: Integers, reachable: Booleans, no_show: Booleans) -> Integers:
    """Draw what each patient writes about, as an index into INTENTS; 0: nothing."""
    size = len(reminder)
    answers = uniform(seed, "answers", size) < _REPLY_SHARE[reminder] * reachable
    shares = np.where(no_show[:, None], _INTENTS_NO_SHOW, _INTENTS_ATTENDED)
    return np.where(answers, 1 + choose(uniform(seed, "reply intent", size), shares), 0)


def reply_texts(seed: int, intent: Integers, first: int, given_name: Texts, phone: Texts) -> Texts:
    """Word the replies of the rows from number `first` on; some carry the patient's name or number."""
    size = len(intent)
    phrase, spelling, extra = uniform(seed, "reply text", first + size, 3)[first:].T
    number = (phrase * _PER_INTENT).astype(np.int64) + (intent - 1) * _PER_INTENT
    texts = pick(_TEXTS, np.where(intent > 0, 1 + number * _SPELLINGS + _spelling(spelling), 0))
    _append(texts, (intent > 0) & (extra < _SIGNED_SHARE), ", ", given_name)
    _append(texts, (intent > 0) & (extra > 1 - _NUMBER_SHARE), " - call me on ", phone)
    return texts


def _spelling(draws: Floats) -> Integers:
    other = 1 + (draws - _PLAIN_SHARE) / (1 - _PLAIN_SHARE) * (_SPELLINGS - 1)
    return np.where(draws < _PLAIN_SHARE, 0, other).astype(np.int64)


def _append(texts: Texts, rows: Booleans, joint: str, what: Texts) -> None:
    texts[rows] = texts[rows] + joint + what[rows]
