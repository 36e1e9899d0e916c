"""Scripts that live outside Django: local PostgreSQL, supervisor of the demo, extract maker."""
