"""The ledger and the lake without AWS: rows and objects in memory, under the same rules, counted as AWS bills them."""
