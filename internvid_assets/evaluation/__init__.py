"""What a model is worth (InternVid 4.2): zero-shot actions, retrieval, linear probes."""
