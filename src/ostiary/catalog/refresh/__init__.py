"""catalog: makes the data files anew from the newest published packages. See `python -m ostiary.catalog.refresh -h`."""
