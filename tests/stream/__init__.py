"""From a file to a table: what comes is kept to its last byte, and typed or left in `extra`."""
