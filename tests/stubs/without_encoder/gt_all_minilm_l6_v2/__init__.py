"""Stands before the encoder's package on the path and has no weights: as if it were not installed."""
