"""Annotated data: gold sentences, the inline format they are written in, and what is made of them."""
