"""Wire: AWS's protocols, server-side, driven by the service models that botocore ships.

Which operation a request names (`detect`), its parameters held against the model's constraints (`parse`), answers and
errors (`write`) in query, ec2, json, rest-json and rest-xml. Pure: no I/O but reading the models, once.
"""
