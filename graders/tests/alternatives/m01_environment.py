"""Other honest ways."""

ALTERNATIVES = ()
