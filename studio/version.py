"""The version of the product, as pages, the API and the command line show it."""

VERSION = "0.1.0"
