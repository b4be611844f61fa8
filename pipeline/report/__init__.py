"""What people look at: the HTML report, the terminal view, the difference of two runs, the notebook display."""
