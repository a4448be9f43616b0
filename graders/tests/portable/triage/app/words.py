"""Words of a ticket, and the team whose words they most often are."""

import math
import re


def words_of(text):
    return re.findall(r"[a-z]+", text.lower())


def counted(rows):
    teams = {}
    for team, text in rows:
        for word in words_of(text):
            words = teams.setdefault(team, {})
            words[word] = words.get(word, 0) + 1
    return teams


def team_of(teams, text):
    def score(team):
        words = teams[team]
        total = sum(words.values()) + 1
        return sum(math.log((words.get(word, 0) + 0.1) / total) for word in words_of(text))

    return max(sorted(teams), key=score)
