"""A GitHub Actions workflow run on this machine: model, triggers, expressions, jobs, steps, stand-ins of actions.

Where it knowingly differs from GitHub:

* Jobs run one after the other, those of a matrix too. `max-parallel`, `concurrency`, `environment` and `permissions` do
  not change a run. What `fail-fast` cancels is what had not begun.
* The machine is this one, played as ubuntu: other labels, containers, services, actions without a stand-in and
  workflows of other repositories are `not_run`, with all that needs them. So are programs that would change this
  machine. What was run by its full path, or written outside of the runner's folders, is not held back.
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
