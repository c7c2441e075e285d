"""The copier's whole job side by side with what one would pick instead: `python -m benchmarks.copy`."""
