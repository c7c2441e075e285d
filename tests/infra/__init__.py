"""Tests of the stack: what the template says, since much of it no emulator shows."""
