"""The operations: what people can do, verb first, one module a subject."""
