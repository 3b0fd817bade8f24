"""Peil measures customer contact and says how sure it is."""
