"""The sample world: procedurally generated videos with known ground truth."""
