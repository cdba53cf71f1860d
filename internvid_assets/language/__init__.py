"""English words: the verbs in a sentence, and the base forms of words. Shared by stages."""
