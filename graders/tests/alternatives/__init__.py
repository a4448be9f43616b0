"""Other honest ways to do the tasks, one list for each module."""
