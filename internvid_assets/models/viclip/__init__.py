"""ViCLIP (InternVid section 4): a CLIP whose eyes see the patches of all frames at once. How it is trained: viclip/."""
