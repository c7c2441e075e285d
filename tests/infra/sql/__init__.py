"""What tells SQL that Athena understands from SQL that only the emulator, which is DuckDB, understands."""
