"""The command line of the product: `python -m noshow COMMAND`."""

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from noshow.errors import ProductError
from noshow.logs import configure_logs
from noshow.settings import read_settings

COMMANDS = {
    "ingest": "daily files in data/raw -> clean data in data/clean, a report of each day in reports/data",
    "train": "clean data -> trained model, recorded and registered; the first one becomes the champion",
    "search": "clean data -> a run for each value that is tried, and which of them was best",
    "flush": "send the records that could not be sent when they were made",
    "promote": "registered VERSION -> the champion, if it is better than the present one on the same days",
    "reproduce": "the run RUN_ID -> its model, made again from its record alone, in the folder OUT",
    "export": "registered champion -> folder model/, all that serving needs",
    "score": "requests in the file IN, one JSON object per line -> their probabilities in the file OUT",
    "serve": "answer predictions over HTTP with the model in model/",
}
"""Each command is the function `run(settings)` of the module of its name, which returns a sentence about what it did.
It is imported when it is asked for: serving must work where the libraries for training are not installed."""

ARGUMENTS: dict[str, dict[str, type]] = {
    "promote": {"VERSION": str},
    "reproduce": {"RUN_ID": str, "OUT": Path},
    "score": {"IN": Path, "OUT": Path},
}
"""What a command is given on the command line, and its function takes after the settings."""

SETTINGS = """environment variables:
  HOST, PORT        where serve listens (127.0.0.1, 8000)
  LOG_LEVEL         DEBUG, INFO, WARNING or ERROR (INFO)
  PSEUDONYM_KEY     with which ingest makes pseudonyms (else the one in data/pseudonym.key)
  MODEL_DIR         where export writes and serve reads (model)
  TRAINING_FILE     what train is told (training.toml)
  MLFLOW_TRACKING_URI, MLFLOW_EXPERIMENT_NAME, REGISTERED_MODEL
                    the tracking server (none: the folder tracking), and under which names (noshow, noshow)
  RAW_DIR, CLEAN_DIR, TRACKING_DIR, REPORTS_DIR
                    other folders (data/raw, data/clean, tracking, reports)"""


class HelpfulParser(argparse.ArgumentParser):
    """Answers a wrong command line with the whole help."""

    def error(self, message: str) -> NoReturn:
        """Print the help and what was wrong; exit 2."""
        self.print_help(sys.stderr)
        self.exit(2, f"\nerror: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, or 1 when the user has something to mend; a wrong command line exits with 2."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    given = _parser().parse_args(arguments)
    command, words = given.command, [getattr(given, name) for name in ARGUMENTS.get(given.command, ())]
    try:
        settings = read_settings()
        configure_logs(settings.log_level)
        done = importlib.import_module(f"noshow.{command}").run(settings, *words)
    except ProductError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except ModuleNotFoundError as error:
        if str(error.name).startswith("noshow"):
            raise
        sys.stderr.write(f"error: `{command}` needs the package {error.name!r}; install the dependencies\n")
        return 1
    except KeyboardInterrupt:
        return 130
    sys.stdout.write(f"{done}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = HelpfulParser(
        prog="python -m noshow",
        description="Predict whether a patient will miss an appointment.",
        epilog=SETTINGS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        for word, kind in ARGUMENTS.get(name, {}).items():
            command.add_argument(word, type=kind)
    return parser


if __name__ == "__main__":
    sys.exit(main())
