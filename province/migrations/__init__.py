"""Changes of the province's tables, each named, recorded, and applied in one transaction."""
