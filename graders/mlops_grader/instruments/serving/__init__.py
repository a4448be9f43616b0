"""What a service of predictions is asked, and what comes back: right, wrong, hostile, slow and many requests."""
