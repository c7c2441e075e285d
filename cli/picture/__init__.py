"""The picture of `cdr report`: answers of Athena as charts, each with its table, in one file without a network."""
