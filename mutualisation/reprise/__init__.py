"""Taking over what exists: what the sheets hold, how they are read and checked, and the sheets to fill in."""
