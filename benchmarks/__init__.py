"""What the product costs, measured beside something known, in the same minute on the same machine."""
