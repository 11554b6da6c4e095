"""Pages that are served on this machine only, and the parts of a page that several pages share."""
