"""The formats of other programs, one file each: ``write`` and, where it comes back, ``read``."""
