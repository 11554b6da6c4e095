"""Numerals as a hand writes them: parameters are drawn, laid out, and rendered."""
