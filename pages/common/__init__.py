"""What the pages share: the checkpoints kept ready, the state of a page, the parts of a result."""
