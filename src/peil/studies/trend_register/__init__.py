"""The trend register: what is claimed and forecast, on what evidence, when it comes due, and how it turned out."""
