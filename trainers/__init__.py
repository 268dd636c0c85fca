"""Dataset -> adapter, and answers out of it: the only package that loads models.

Runs as a process of its own: `python -m trainers train|answer|chat|fetch`, job on the first line of its input, events on
its output.
"""
