"""Tests of what a laptop adds."""
