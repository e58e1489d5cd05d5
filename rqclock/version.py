"""The version of this library, without a look at anything else of it."""

__version__ = "0.1.0"
