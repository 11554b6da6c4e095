"""Sweeps: many recipes become many scores, nothing done twice, and one answer."""
