"""The capstone: from the rubric to a grade, a showcase and a portfolio."""
