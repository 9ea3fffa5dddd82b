"""Banks' own APIs: how a token is got and kept, how a question is put. What the answers mean is said elsewhere."""
