"""ViCLIP (InternVid section 4): a CLIP with joint attention over the patches of all frames. Training is in viclip/."""

MODULES = """
    model vision text transformer masking positions sizes loss gathering
    checkpoint tokens frame_sampling pictures embedding
"""
CODE = tuple(f"{__name__}.{module}" for module in MODULES.split())
"""Its modules, for the recipes of assets that may use its embeddings."""
