"""From a vendor's file to the lake in one pass; only the copier carries it, and with it the Parquet engine."""
