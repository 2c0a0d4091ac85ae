"""The engine held against the reference: generated worlds on which both must agree in everything."""
