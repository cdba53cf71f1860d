"""Video and caption embeddings, and the index that searches them."""
