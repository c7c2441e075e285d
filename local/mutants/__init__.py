"""Least privilege, proven: each grant of the template is taken away in turn, and traffic must notice."""
