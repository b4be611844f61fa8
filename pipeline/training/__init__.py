"""Building and fine-tuning the learned parts; needs the extra ``train``. Nothing here is imported by a run."""
