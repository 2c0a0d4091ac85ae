"""Ostiary: the identity and access management of AWS, as software that anybody can run."""

__version__ = "0.1.0"
