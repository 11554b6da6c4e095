"""Pure image analysis: arrays enter, groups of pictures leave."""
