"""The pure part: decisions made of the standard library alone, without clock, network or environment."""
