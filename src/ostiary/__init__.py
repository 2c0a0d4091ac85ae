"""Ostiary: the identity and access management of AWS, as software that anybody can run."""

