"""How good is it? Figures with intervals, against gold data, for any model that gives predictions."""
