"""The capstone: rubric, sheets, scores, reports, expo and portfolio of a team that builds its own product."""
