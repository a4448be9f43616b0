import sys
import unittest

sys.path.insert(0, "app")

from words import counted, team_of, words_of


class TestWords(unittest.TestCase):
    def test_words_are_small_letters(self):
        self.assertEqual(words_of("My Printer, again!"), ["my", "printer", "again"])

    def test_a_ticket_goes_to_the_team_with_its_words(self):
        teams = counted([("devices", "printer paper"), ("accounts", "password login")])
        self.assertEqual(team_of(teams, "the printer is broken"), "devices")
