"""The capstone: a team's own product, judged by checks on its contract and by people, from one rubric."""
