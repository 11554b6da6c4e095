"""Publishers' archives, fetched and verified."""
