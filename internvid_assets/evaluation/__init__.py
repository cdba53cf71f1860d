"""Evaluation of video-text models (InternVid 4.2): zero-shot actions, retrieval, linear probes."""
