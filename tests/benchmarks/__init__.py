"""What stands side by side with the exporter."""
