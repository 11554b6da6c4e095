"""The facts and types that all folders share: classes, glyphs, budget, errors. No I/O."""
