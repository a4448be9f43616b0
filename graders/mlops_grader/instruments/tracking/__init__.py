"""How a product keeps its record: a tracking server, what stands in it, and what happens when it is away."""
