"""Promises of the simulated vendors."""
