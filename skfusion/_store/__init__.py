"""Results that are computed once and stored on disk."""
