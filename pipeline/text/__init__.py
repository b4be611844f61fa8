"""Functions over text that the stages call: no models, no input or output."""
