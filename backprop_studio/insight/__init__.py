"""What the panels show, computed without a screen."""
