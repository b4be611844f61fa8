"""Translation: engines by name, their cache on disk, and the checks on what they return."""
