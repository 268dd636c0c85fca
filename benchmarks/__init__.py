"""Commands that measure and print ratios against a named baseline, in one run."""
