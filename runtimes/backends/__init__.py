"""The places that run code, one module each."""
