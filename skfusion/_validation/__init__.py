"""What X, y, groups and columns are: the checks of everything that comes in."""
