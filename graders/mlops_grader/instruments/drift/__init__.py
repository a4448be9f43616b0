"""Windows of predictions with and without drift, and what a product says of them."""
