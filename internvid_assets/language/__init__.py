"""Language processing shared by stages: verbs, base forms, language identification."""
