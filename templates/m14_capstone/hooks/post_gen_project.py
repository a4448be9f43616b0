"""Complete the project with the layers below this module."""

import json
import sys
from pathlib import Path

answers = json.loads({{ cookiecutter | jsonify | jsonify }})
template = Path(answers["_repo_dir"]).resolve()
sys.path.insert(0, str(template.parent))
import compose  # noqa: E402  # it lies beside the template's folder

compose.complete(Path.cwd(), template.name, answers)
