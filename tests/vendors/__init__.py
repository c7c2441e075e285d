"""The vendors: one contract for all of them, then the words that each of them speaks."""
