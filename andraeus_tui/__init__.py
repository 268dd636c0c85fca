"""The front end: the command line, the project on disk, and the supervisor of worker processes. Never imports torch."""

__version__ = "0.1.0"
