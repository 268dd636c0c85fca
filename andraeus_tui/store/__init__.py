"""memory.db: facts, rows, their review state and the history for undo, in SQLite."""
