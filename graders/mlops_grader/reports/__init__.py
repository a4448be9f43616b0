"""Reports: a result for people to read, and one emitter for each outside format."""
