"""Reading documents: files, folders, globs, standard input and Hugging Face datasets."""

from pipeline.sources.readers import Rejected, read_inputs
from pipeline.sources.settings import ReadSettings

__all__ = ["ReadSettings", "Rejected", "read_inputs"]
