"""Everything that is wrong in a folder of images, each with what to do, before work begins."""
