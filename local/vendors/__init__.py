"""The two vendors, simulated on loopback as their documents describe them."""
