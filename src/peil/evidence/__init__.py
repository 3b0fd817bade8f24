"""Figures that others published, kept as evidence: what was asked, of whom, and whether they agree with themselves."""
