"""The rooms of boto3, on an emulated DynamoDB, S3 and Secrets Manager in this process."""
