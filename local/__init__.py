"""What a laptop adds: an emulated AWS, simulated vendors, a command line; nothing of it is deployed."""
