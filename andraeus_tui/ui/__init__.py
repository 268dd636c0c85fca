"""The terminal UI: screens that show what the core knows and ask it to act. No screen holds logic of its own."""

import os

# A key often paints twice, the table and then what is told about its row: at 60 frames a second the second waits. Textual
# reads this when it is imported.
os.environ.setdefault("TEXTUAL_FPS", "120")
