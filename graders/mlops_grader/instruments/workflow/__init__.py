"""A GitHub Actions workflow run on this machine: model, triggers, expressions, jobs, steps, stand-ins of actions."""
