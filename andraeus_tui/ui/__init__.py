"""The terminal UI: screens that show what the core knows and ask it to act. No screen holds logic of its own."""
