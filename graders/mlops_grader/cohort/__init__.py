"""A whole class: roster, submissions, bulk grading, gradebook, dashboard, feedback."""
