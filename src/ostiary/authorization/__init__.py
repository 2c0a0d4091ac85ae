"""Who asks, which policies are in force for them, the condition context, and the decision."""
