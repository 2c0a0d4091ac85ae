"""services/accessanalyzer: IAM Access Analyzer: what there is to say of policies."""
