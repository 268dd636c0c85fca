"""Answers -> evidence: questions to ask, the typed scorer, the zero-context proof, metrics and the report. Pure."""
