"""Put an image into production: `python deploy/deploy.py`, or bring back the one before it: `... --rollback`.

The environment says what and where:

IMAGE               the image, named by its digest: registry/name@sha256:...
PRODUCTION_DIR      the folder of production: live/ is read by the proxy, service.env holds the service's settings
PRODUCTION_NETWORK  the network in which the proxy finds the service
PRODUCTION_PROXY    the container of the proxy
PRODUCTION_URL      where patients' requests arrive

Exit code 0: the image serves. 1: it was refused, and what served before serves still. The reason is printed, and stands
on the page of the run.
"""

import sys


def main() -> int:
    """Deploy IMAGE, or with `--rollback` the image before the one that serves."""
    # TODO(m08)
    return 0


if __name__ == "__main__":
    sys.exit(main())
