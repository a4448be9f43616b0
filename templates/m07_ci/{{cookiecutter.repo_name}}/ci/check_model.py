"""Is the new model good enough? `python -m ci.check_model` compares it with the accepted one and exits 1 when not."""

import sys


def main() -> int:
    """Print a Markdown table of each metric: the accepted value, the new one, the limit; 1 when one is beyond its limit.

    The new values stand in `model/model.json`, the accepted ones and the margins in `ci/accepted.toml`. A higher AUC is
    better; a lower Brier score is better.
    """
    # TODO(m07)
    return 0


if __name__ == "__main__":
    sys.exit(main())
