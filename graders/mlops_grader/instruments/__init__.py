"""Instruments: each measures one thing about a product."""
