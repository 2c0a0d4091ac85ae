"""The record of what happened: one event a request, in CloudTrail's shape, with the decision that it rests on."""
