"""The AWS endpoint: HTTP in, the gate, HTTP out; bodies for the engine stream through."""
