"""Models and data files: the lock file that pins them, and the store of converted models."""
