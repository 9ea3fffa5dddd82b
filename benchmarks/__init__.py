"""How fast, and compared with what. Nothing here is a test: a speed is never asserted."""
