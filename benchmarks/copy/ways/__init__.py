"""One file for each way of doing the job; each runs in a process of its own, in its own environment."""
