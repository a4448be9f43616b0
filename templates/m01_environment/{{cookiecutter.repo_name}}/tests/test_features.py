"""What the features promise, at the edges too."""

# TODO(m01): test noshow/features.py: each function does what its docstring says
