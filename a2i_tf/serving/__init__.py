"""The server: TF Serving's REST and gRPC API on one machine, and a page."""
