"""What requests and responses hold, typed for the OpenAPI document: no logic, no I/O."""
