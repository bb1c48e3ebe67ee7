"""What a rule is: the model, the file format, its loader, and a lint for rule sets.

Plain data. Whether a rule is met is decided in `alerts.evaluation`.
"""
