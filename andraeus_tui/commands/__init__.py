"""What the commands do: each module drives the core and prints; none knows click's options."""
