"""`cdr`, the operator's command: what a deployed stack holds, on AWS or on the local cloud."""
