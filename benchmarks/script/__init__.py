"""The script that people write, as a file of its own for each vendor; nothing here is imported by anything."""
