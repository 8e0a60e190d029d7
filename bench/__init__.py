"""Measuring on this machine: `python -m bench`."""
