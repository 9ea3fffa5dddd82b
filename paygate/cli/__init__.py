"""The operator's command line: one module per noun, thin over the services."""
