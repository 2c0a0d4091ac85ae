"""Service S3: buckets and policies are ours, object bytes are the engine's."""
