"""ViCLIP's training (InternVid section 4). The model itself is in models/viclip, which is also used for inference."""
