"""Interleaved: clips and texts in turn, as they follow in their videos (InternVid-ICL)."""
