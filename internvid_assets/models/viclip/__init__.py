"""ViCLIP (InternVid section 4): a CLIP whose eyes see the patches of all frames at once. How it is trained: viclip/."""

MODULES = """
    model vision text transformer masking positions sizes loss gathering
    checkpoint tokens frame_sampling pictures embedding
"""
CODE = tuple(f"{__name__}.{module}" for module in MODULES.split())
"""What it is made of: code behind the recipe of whoever may ask it for vectors."""
