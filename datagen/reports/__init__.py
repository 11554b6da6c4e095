"""Pages for a browser: parts that all pages share, and the report of an evaluation."""
