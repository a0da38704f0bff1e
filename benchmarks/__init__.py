"""What README's figures come from. Every module runs as `python -m benchmarks.NAME` and prints a table."""
