"""How long a test waits for what another process brings about."""

PATIENCE = 1200.0
"""Seconds. Only a hang takes so long: a slow or busy machine is no failure."""
