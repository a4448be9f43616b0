"""Is the new model good enough? `python -m ci.check_model` compares it with the accepted one and exits 1 when not."""

import json
import sys
import tomllib
from pathlib import Path

BETTER = {"auc": 1, "brier": -1}  # 1: higher is better


def main() -> int:
    """Print a Markdown table of each metric: the accepted value, the new one, the limit; 1 when one is beyond its limit.

    The new values stand in `model/model.json`, the accepted ones and the margins in `ci/accepted.toml`. A higher AUC is
    better; a lower Brier score is better.
    """
    accepted = tomllib.loads(Path("ci/accepted.toml").read_text(encoding="utf-8"))
    new = json.loads(Path("model/model.json").read_text(encoding="utf-8"))["metrics"]
    lines = ["| metric | accepted | new | limit | |", "|---|---|---|---|---|"]
    worse = []
    for name, sign in BETTER.items():
        limit = accepted["metrics"][name] - sign * accepted["margin"][name]
        good = sign * new[name] >= sign * limit
        worse += [] if good else [name]
        lines.append(
            f"| {name} | {accepted['metrics'][name]:.4f} | {new[name]:.4f} | {limit:.4f} | {'ok' if good else 'worse'} |"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    if worse:
        sys.stderr.write(f"the new model is worse than the limit in {', '.join(worse)}\n")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
