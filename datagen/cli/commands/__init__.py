"""The commands: one file each, which parses, calls one function, prints."""
