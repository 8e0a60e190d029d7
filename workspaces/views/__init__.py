"""Pages of this package, by noun."""
