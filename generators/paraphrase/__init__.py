"""Question wordings written by a language model: what it is asked, how it is reached, what of it is good enough.

Only the worker process uses this package: its modules import the libraries that they need when they need them.
"""
