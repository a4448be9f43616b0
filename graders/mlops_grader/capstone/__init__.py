"""The capstone: a rubric, people's scores, measured lines, and the grades that they make."""
