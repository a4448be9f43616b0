"""Daily files to order, whose truth is known, and what a product makes of them."""
