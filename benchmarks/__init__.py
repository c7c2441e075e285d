"""What the exporter costs and what it is worth, measured beside what one would do instead."""
