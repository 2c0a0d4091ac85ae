"""services/iam_toolbox: why a request was allowed or denied, from the record (IAM Toolbox, preview)."""
