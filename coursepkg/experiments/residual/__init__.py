"""What the chapter on residual connections measures."""
