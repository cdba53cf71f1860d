"""Models: their interfaces (`protocols`), the choice of models (`profiles`), and the adapters that run them."""
