"""What the stages ask of models (`protocols`), who answers (`profiles`), and the adapters that do the work."""
