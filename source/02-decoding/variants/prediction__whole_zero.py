"""A whole number is a number too."""
prediction = 0
