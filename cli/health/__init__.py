"""What `cdr doctor` looks at: one room for each part of a deployed stack, each check a line."""
