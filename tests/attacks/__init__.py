"""Attacks that were tried: each test is named after one, and its docstring says what happens."""
