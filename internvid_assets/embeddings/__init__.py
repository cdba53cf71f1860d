"""Video and caption vectors, and the index that searches them."""
