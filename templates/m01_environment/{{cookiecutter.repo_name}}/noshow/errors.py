"""The error that a user of the product can mend."""


class ProductError(Exception):
    """Something outside the code is wrong: a setting, a file, a missing step.

    Its text is one line that says what was found and what to do; the command line prints it without a traceback.
    """
