"""ViCLIP's training (InternVid section 4). The model itself is models/viclip, which scores and embeds by it too."""
