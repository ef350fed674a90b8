"""What real programs wrote, with the truth about it, to judge by."""
