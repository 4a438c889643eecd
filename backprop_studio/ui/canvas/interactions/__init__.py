"""What people do on the canvas: one gesture a file. Each makes one edit, or none."""
