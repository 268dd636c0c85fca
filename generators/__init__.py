"""Facts become rows: templates, a lexicon of everyday wordings, abstention and replay rows, and the checks.

Pure and seeded: the same facts, settings and seed give the same rows. Imports schemas only.
"""
