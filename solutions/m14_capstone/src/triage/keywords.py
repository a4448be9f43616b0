"""Without a model: the rule that the office had before, a list of words on a sheet of paper. The baseline."""

from triage.letters import Letter
from triage.words import plain

BY_LABEL = {
    "repair": "repair broken damage heating water leak pipe mould window door light lift toilet drain",
    "rent": "rent pay paid payment euros debit deposit costs arrears receipt benefit",
    "neighbours": "neighbour neighbours noise loud music dog party rubbish quarrel insults",
    "termination": "notice terminate terminated lease keys eviction contract moving move withdraw",
}
URGENT = "urgent immediately today danger gas fire flood burst eviction police"


def label(letter: Letter) -> str:
    """The kind with most words of its list in subject and text; `repair`, the most frequent, where none is found."""
    found = plain(f"{letter.subject} {letter.text}")
    hits = {name: sum(word in known.split() for word in found) for name, known in BY_LABEL.items()}
    return max(hits, key=lambda name: hits[name])


def urgency(letter: Letter) -> str:
    """Urgent when one of the words on the list is there."""
    found = set(plain(f"{letter.subject} {letter.text}"))
    return "urgent" if found & set(URGENT.split()) else "ordinary"
