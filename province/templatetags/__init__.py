"""Template filters of the province."""
