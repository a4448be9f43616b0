"""Wrong deliveries, each wrong in one way."""

from __future__ import annotations

from submissions import Edit, Mistake, replace

DEPLOY, EXAMINE, RELEASE = "deploy/deploy.py", "deploy/examine.py", ".github/workflows/release.yml"
RELOAD = '    docker("exec", production.proxy, "nginx", "-s", "reload")\n'
LOCK = "        flock(file, LOCK_EX)\n"
SWITCH = "        send_requests_to(production, image, new)\n"
RETIRE = "    if old:\n        retire(old)\n    return"
SHORTCUT = """    if old_image == image and is_running(old):
        return f"`{image}` serves already: nothing to do"
"""
ENDED = 'raise Refused(f"the container ended with exit code {code}: {last_words(container)}")'
ASKED = "        if Service(address(container)).is_ready():\n            return\n"
LOOKS_AGAIN = """        try:
            if Service(address(container)).is_ready():
                return
        except Refused:
            continue
"""
SILENT = 'raise Refused(f"it did not answer within {READY_SECONDS} s: {last_words(container)}")'
FORGET = """    except Refused:
        docker("rm", "--force", "--volumes", new)
        raise
    attempt("update\""""
ON_MAIN = """      - name: The commit is on main
        run: git merge-base --is-ancestor "$GITHUB_SHA" origin/main
"""
GREEN = '[ "$conclusion" = success ]'


def deploy(old: str, new: str) -> Edit:
    """Other words in the deploy script."""
    return replace(DEPLOY, old, new)


def release(old: str, new: str) -> Edit:
    """Other words in the release workflow."""
    return replace(RELEASE, old, new)


# two that begin within a moment of each other have both looked round before either starts a container
LOOKS_ROUND = deploy(
    '    """Start a container of the image: ', '    time.sleep(4)\n    """Start a container of the image: '
)

MISTAKES = (
    Mistake(
        "never-tells-the-proxy",
        fails="test_puts_a_version_into_service",
        says="requests were lost",
        edits=(deploy(RELOAD, ""),),
    ),
    Mistake(
        "leaves-the-network-out",
        fails="test_puts_a_version_into_service",
        says="host not found in upstream",
        edits=(deploy('"--network", production.network, ', ""),),
    ),
    Mistake(
        "writes-beside-the-folder-of-the-proxy",
        fails="test_puts_a_version_into_service",
        says="requests were lost",
        edits=(deploy('self.folder / "live" / "noshow.conf"', 'self.folder / "noshow.conf"'),),
    ),
    Mistake(
        "stops-the-old-one-first",
        fails="test_replaces_a_version_without_losing_a_request",
        says="requests were lost",
        edits=(
            deploy(
                "    new = start(production, image)\n",
                "    if old:\n        retire(old)\n    new = start(production, image)\n",
            ),
        ),
    ),
    Mistake(
        "leaves-the-old-one-running",
        fails="test_replaces_a_version_without_losing_a_request",
        says="there are 2 containers",
        edits=(deploy(RETIRE, "    return"),),
    ),
    Mistake(
        "stops-the-old-one-before-the-proxy-turns",
        fails="test_replaces_a_version_without_losing_a_request",
        says="requests were lost",
        edits=(deploy(SWITCH, f"        if old:\n            retire(old)\n{SWITCH}"),),
    ),
    Mistake(
        "gives-no-settings",
        fails="test_gives_the_service_its_settings",
        says="lacks `LOG_LEVEL`",
        edits=(deploy('"--env-file", str(production.folder / "service.env"), ', ""),),
    ),
    Mistake(
        "prints-the-settings",
        fails="test_gives_the_service_its_settings",
        says="prints the secret",
        edits=(
            deploy(
                '    return f"`{image}` serves now"',
                "    return f\"`{image}` serves now, with {(production.folder / 'service.env').read_text()}\"",
            ),
        ),
    ),
    Mistake(
        "reports-success-for-a-crash",
        fails="test_refuses_a_version_that_crashes",
        says="with exit code 0",
        edits=(
            deploy(ENDED, 'tell(f"the container ended with exit code {code}")\n            sys.exit(0)'),
            deploy(ASKED, LOOKS_AGAIN),  # it may end between the two looks
        ),
    ),
    Mistake(
        "leaves-what-crashed-behind",
        fails="test_refuses_a_version_that_crashes",
        says="there are 2 containers",
        edits=(
            deploy(FORGET, FORGET.replace("        docker(", "        if is_running(new):\n            docker(", 1)),
        ),
    ),
    Mistake(
        "breaks-off-at-a-silence",
        fails="test_refuses_a_version_that_is_never_ready",
        says="there are 2 containers",
        edits=(deploy(SILENT, SILENT.replace("Refused", "TimeoutError")),),
    ),
    Mistake(
        "waits-for-ever",
        fails="test_refuses_a_version_that_is_never_ready",
        says="still running after",
        edits=(deploy("READY_SECONDS = 60", "READY_SECONDS = 60_000"),),
    ),
    Mistake(
        "knows-no-right-answers",
        fails="test_refuses_a_version_that_answers_wrongly",
        says="with exit code 0",
        edits=(deploy("        answers_rightly(candidate)\n", ""),),
    ),
    Mistake(
        "takes-any-probability-for-right",
        fails="test_refuses_a_version_that_answers_wrongly",
        says="with exit code 0",
        edits=(replace(EXAMINE, 'if not case["at_least"] <= answer <= case["at_most"]:', "if not 0 <= answer <= 1:"),),
    ),
    Mistake(
        "takes-no-time",
        fails="test_refuses_a_version_that_is_slow",
        says="with exit code 0",
        edits=(deploy("        if is_running(old) and not in_a_hurry:\n", "        if False:\n"),),
    ),
    Mistake(
        "compares-medians",
        fails="test_refuses_a_version_that_is_slow",
        says="with exit code 0",
        edits=(replace(EXAMINE, "int(0.95 * len(seconds))", "int(0.5 * len(seconds))"),),
    ),
    Mistake(
        "tells-only-the-log",
        fails="test_says_why_it_refuses",
        says="nothing stands on the page of the run",
        edits=(deploy('os.environ.get("GITHUB_STEP_SUMMARY")', 'os.environ.get("SUMMARY")'),),
    ),
    Mistake(
        "keeps-the-reason-to-itself",
        fails="test_says_why_it_refuses",
        says="says the same when a version",
        edits=(deploy('tell(f"Refused: {reason}")', 'sys.stdout.write(f"{reason}\\n")\n        tell("Refused")'),),
    ),
    Mistake(
        "forgets-what-served-before",
        fails="test_rolls_back_within_a_minute",
        says="there is no earlier image",
        edits=(deploy('"\\n".join([*production.history(), image])', '"\\n".join([image])'),),
    ),
    Mistake(
        "goes-back-to-what-serves",
        fails="test_rolls_back_within_a_minute",
        says="are not answered by the version that was deployed",
        edits=(deploy("    return earlier[-1]\n", "    return now\n"),),
    ),
    Mistake(
        "names-containers-by-their-image",
        fails="test_can_be_repeated",
        says="deploying the same version again fails",
        edits=(deploy("-{uuid.uuid4().hex[:6]}", ""), deploy(SHORTCUT, "")),
    ),
    Mistake(
        "keeps-one-of-the-same-image",
        fails="test_can_be_repeated",
        says="there are 2 containers",
        edits=(
            deploy(SHORTCUT, ""),
            deploy(
                "    if old:\n        retire(old)\n    return",
                "    if old_image != image:\n        retire(old)\n    return",
            ),
        ),
    ),
    Mistake(
        "takes-no-lock",
        fails="test_two_at_once_do_no_harm",
        says="images run",
        edits=(deploy(LOCK, ""), LOOKS_ROUND),
    ),
    Mistake(
        "has-a-lock-for-each-image",
        fails="test_two_at_once_do_no_harm",
        says="images run",
        edits=(
            deploy('production.folder / "lock"', "production.folder / f\"lock-{os.environ.get('IMAGE', '')[-9:]}\""),
            LOOKS_ROUND,
        ),
    ),
    Mistake(
        "has-a-lock-that-outlives-it",
        fails="test_survives_being_killed",
        says="the next deployment fails",
        edits=(
            deploy(
                '    with (production.folder / "lock").open("w") as file:\n        flock(file, LOCK_EX)\n        yield\n',
                """    lock, end = production.folder / "lock", time.monotonic() + 60
    while True:
        try:
            lock.touch(exist_ok=False)
            break
        except FileExistsError:
            if time.monotonic() > end:
                raise Refused("another deployment is under way") from None
            time.sleep(0.2)
    try:
        yield
    finally:
        lock.unlink()
""",
            ),
        ),
    ),
    Mistake(
        "never-tidies-up",
        fails="test_survives_being_killed",
        says="container",
        edits=(deploy("            tidy(production)\n", ""),),
    ),
    Mistake(
        "builds-twice",
        fails="test_a_tag_releases_what_was_tested",
        says="2 steps build an image",
        edits=(
            release(
                "      - name: Build and push\n",
                "      - name: Does it build?\n        run: docker build --tag noshow:test .\n      - name: Build and push\n",
            ),
        ),
    ),
    Mistake(
        "says-no-origin",
        fails="test_a_tag_releases_what_was_tested",
        says="org.opencontainers.image.revision",
        edits=(release('            --label "org.opencontainers.image.revision=$GITHUB_SHA" \\\n', ""),),
    ),
    Mistake(
        "names-no-environment",
        fails="test_a_tag_releases_what_was_tested",
        says="names no environment",
        edits=(release("    environment: production\n", ""),),
    ),
    Mistake(
        "deploys-on-a-machine-of-github",
        fails="test_a_tag_releases_what_was_tested",
        says="PRODUCTION_DIR",
        edits=(release("runs-on: [self-hosted, production]", "runs-on: ubuntu-latest"),),
    ),
    Mistake(
        "deploys-by-the-tag",
        fails="test_an_answer_leads_to_its_origin",
        says="X-Image-Digest",
        edits=(release("noshow@${{ needs.image.outputs.digest }}", "noshow:${{ github.ref_name }}"),),
    ),
    Mistake(
        "trains-from-a-changed-tree",
        fails="test_an_answer_leads_to_its_origin",
        says="-dirty",
        edits=(
            release(
                "      - name: Make the model\n        run: |\n",
                "      - name: Make the model\n        run: |\n"
                '          sed -i "s/^version = .*/version = \\"${GITHUB_REF_NAME#v}\\"/" pyproject.toml\n',
            ),
        ),
    ),
    Mistake(
        "does-not-ask-for-the-branch",
        fails="test_releases_only_from_main",
        says="`main`, and",
        edits=(release(ON_MAIN, ""),),
    ),
    Mistake(
        "asks-whether-main-exists",
        fails="test_releases_only_from_main",
        says="`main`, and",
        edits=(
            release(
                'git merge-base --is-ancestor "$GITHUB_SHA" origin/main', 'git merge-base "$GITHUB_SHA" origin/main'
            ),
        ),
    ),
    Mistake(
        "prints-how-ci-ended",
        fails="test_releases_only_what_is_green",
        says="CI is red for the commit, and",
        edits=(release(f"          {GREEN}\n", ""),),
    ),
    Mistake(
        "asks-for-any-green-run",
        fails="test_releases_only_what_is_green",
        says="CI is red for the commit, and",
        edits=(
            release('--commit "$GITHUB_SHA" --workflow ci.yml', "--branch main --status success --workflow ci.yml"),
        ),
    ),
)

# what the gate makes in one project: no check of a group needs another of it, and no edit changes what another changes
TOGETHER = (
    (
        "reports-success-for-a-crash",
        "breaks-off-at-a-silence",
        "knows-no-right-answers",
        "takes-no-time",
        "takes-no-lock",
        "gives-no-settings",
        "builds-twice",
    ),
    (
        "tells-only-the-log",
        "forgets-what-served-before",
        "names-containers-by-their-image",
        "has-a-lock-that-outlives-it",
        "deploys-by-the-tag",
        "does-not-ask-for-the-branch",
        "prints-how-ci-ended",
    ),
)
