"""The pure part: what exports.toml may say, which windows there are, and what follows from what."""
