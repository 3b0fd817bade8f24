"""The parts of the trend-break study: what it counts, checks and says."""
