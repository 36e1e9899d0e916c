"""Measures: each figure stands beside another one measured in the same run. See bench/README.md."""
