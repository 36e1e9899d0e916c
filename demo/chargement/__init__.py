"""Loading a real EPCI with invented people and choices, labelled as such."""
