"""What was computed once, kept on disk."""
