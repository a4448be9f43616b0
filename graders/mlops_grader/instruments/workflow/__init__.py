"""A GitHub Actions workflow run on this machine: model, triggers, expressions, jobs, steps, stand-ins of actions.

Where it knowingly differs from GitHub:

* Jobs run one after the other, those of a matrix too. `max-parallel`, `concurrency`, `environment` and `permissions` do
  not change a run. What `fail-fast` cancels is what had not begun.
* The machine is this one, played as ubuntu: other labels, containers, services, actions without a stand-in and
  workflows of other repositories are `not_run`, with all that needs them. So are programs that would change this
  machine. What was run by its full path, or written outside of the runner's folders, is not held back.
* A self-hosted runner is this machine too, where a machine has one: with its variables, the labels `self-hosted`,
  `linux`, `x64` and `production`, and what docker makes there stays. Folders and processes end with each job, as on a
  hosted one. Its docker is that of the other jobs: they see its containers, and share ports and the store of images.
* GitHub's API is there where a machine has its address, and only to be read: runs, jobs and checks of a few commits,
  with all jobs of a run ended alike, a called workflow as one job, and no link to a next page. Any token will do.
* `gh` is then a stand-in for `gh api`, `gh run list`, `gh run view` and `gh run watch`, its `--jq` played by jq. A step
  that fails for want of another command, or of a path that this API has not, is `not_run`; curl gets a 404 there.
* Expressions with an unknown context or function fail their job or step when they are reached; GitHub refuses the file.
* A step ends after 15 minutes at the latest. A job out of time is `cancelled`, with five more minutes for each step
  that runs all the same.
* Caches have no branches, sizes or ages, and a key stands for whatever paths were saved under it. Empty folders and
  links to folders are not kept.
* Artifacts leave out files that a link outside of the runner's folders leads to. Their retention is not played.
* Versions of actions are not told apart; what each stand-in leaves out is in `actions`.
* Secrets are looked for as they are and as base64; GitHub masks a few more encodings.
* Reusable workflows nest four deep and are read from the files of the repository, not from its commit.
"""
