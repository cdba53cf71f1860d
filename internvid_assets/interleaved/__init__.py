"""Interleaved: sequences of alternating clips and texts, in the order of their videos (InternVid-ICL)."""
