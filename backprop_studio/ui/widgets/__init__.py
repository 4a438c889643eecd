"""Widgets that show values. They know the theme, and nothing of networks or training."""
