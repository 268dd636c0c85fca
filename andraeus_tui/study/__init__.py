"""Studies: planned here, run by trainers.study on any machine, scored here."""
