"""What Microsoft's products are called."""
