"""The rooms of boto3: one per service."""
