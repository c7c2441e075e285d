"""What asking costs: bytes that questions scan, by the size of account and window: `python -m benchmarks.asking`."""
