"""Prometheus and Alertmanager on this machine, in compressed time."""
