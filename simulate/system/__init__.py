"""Files read and written whole, deadlines, compilation."""
