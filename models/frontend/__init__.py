"""From bytes or text to what a network reads, and back to seconds and characters."""
