"""Trainings of a product on the files of a practice whose future is known, and tests that are to catch what is planted."""
